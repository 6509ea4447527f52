import type { Rule } from "./evidence.ts";

/** I11: the tag registry holds exactly the tags that Postgres has, in the state that they have there. */
export const registryIsTrue: Rule = ({ database, registry }) => {
  const held = new Map(registry.map((tag) => [tag.key, tag]));
  const rows = new Map(database.idTags.map((row) => [row.key, row]));
  const found: string[] = [];
  for (const { key, status } of database.idTags) {
    const isBlocked = held.get(key)?.blocked;
    if (isBlocked === undefined) found.push(`the registry does not hold the tag ${key}`);
    else if (isBlocked !== (status === "blocked"))
      found.push(
        `the registry has the tag ${key} as ${isBlocked ? "blocked" : "active"}, and it is ${status}`,
      );
  }
  for (const key of held.keys()) if (!rows.has(key)) found.push(`the registry holds the deleted tag ${key}`);
  return found;
};

/** I10 for tags: no change is untold, and no job is open. */
export const noTagIsLeft: Rule = ({ database }) => [
  ...database.tagEffects.map(
    ({ batch_id, key }) => `the registry was never told of ${key ?? "a shard"} (${batch_id})`,
  ),
  ...database.tagJobs
    .filter(({ status }) => status !== "DONE")
    .map(({ id, type, status }) => `the ${type} ${id} of tags is still ${status}`),
];
