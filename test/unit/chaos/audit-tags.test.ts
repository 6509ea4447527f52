import { expect, test } from "vitest";
import { audit } from "../../chaos/audit.ts";
import { healthyEvidence, type Mutable } from "./healthy-evidence.ts";

/** The element that a mutation changes. @throws when the evidence has none */
function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new Error("nothing to change");
  return item;
}

const mutations: [invariant: string, broken: string, said: RegExp, mutate: (evidence: Mutable) => void][] = [
  [
    "I4",
    "a tag that was accepted and is not there",
    /id tag tag was accepted and is not there/,
    ({ database, registry }) => (database.idTags.pop(), registry.pop()),
  ],
  [
    "I10",
    "a change of a tag that the registry was never told",
    /was never told of t1/,
    ({ database }) => database.tagEffects.push({ batch_id: "batch", key: "t1" }),
  ],
  [
    "I10",
    "an erasure that never ended",
    /is still RUNNING/,
    ({ database }) => (first(database.tagJobs).status = "RUNNING"),
  ],
  ["I11", "a tag that the registry lost", /does not hold the tag t1/, ({ registry }) => registry.pop()],
  [
    "I11",
    "a tag that the registry has in an older state",
    /as active, and it is blocked/,
    ({ registry }) => (first(registry).blocked = false),
  ],
  [
    "I11",
    "a deleted tag that the registry kept",
    /holds the deleted tag t2/,
    ({ registry }) => registry.push({ key: "t2", blocked: false }),
  ],
];

test.each(mutations)("%s: %s is found", (invariant, _broken, said, mutate) => {
  const evidence = healthyEvidence();
  mutate(evidence);
  const found = audit(evidence).filter((one) => one.invariant === invariant);
  expect(found.map(({ what }) => what)).toEqual([expect.stringMatching(said)]);
});
