import { afterAll, beforeAll, expect, it } from "vitest";
import { Conflict } from "../../../src/errors.ts";
import { systemIds, ulidOf } from "../../../src/fleet/ids.ts";
import type { NewIdTag, TagChanged } from "../../../src/ports.ts";
import { TAG_SHARDS, tagShard } from "../../../src/tag-shard.ts";
import { batchOf, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const RECORD = { status: 201, body: "{}", headers: {} };

function newTag(idTag: string, fields: Partial<NewIdTag> = {}): NewIdTag {
  const id = `tag_${ulidOf(systemIds.uuid())}`;
  return {
    id,
    idTag,
    name: null,
    status: "active",
    type: null,
    groupId: null,
    expiresAt: null,
    chargerIds: [],
    ...fields,
  };
}

async function stored(organizationId: string, tag: NewIdTag): Promise<TagChanged> {
  const result = await db.stores.idTags.create(
    organizationId,
    tag,
    systemIds.uuid(),
    null,
    RECORD,
    new Date(),
  );
  if (result.kind === "replayed") throw new Error("nothing to replay");
  return result.value;
}

async function withChargers(identities: string[]) {
  const tenant = await db.tenant();
  const batch = batchOf(tenant, identities);
  await db.stores.jobs.accept(batch);
  return { organizationId: tenant.organization.id, ids: batch.chargers.map(({ id }) => id) };
}

it("every change of a tag raises the version, and tells the registry the state that it left", async () => {
  const { organizationId, ids } = await withChargers(["A", "B"]);
  const [a = "", b = ""] = ids;
  const tag = newTag("Card-1", { chargerIds: [a] });
  const created = await stored(organizationId, tag);
  const key = "card-1";
  const first = { blocked: false, expiresAtMs: null, groupId: null, type: null, chargerIds: [a], key };
  const at = { organizationId, shard: tagShard(key) };
  expect(created.update).toEqual({ ...at, version: 1, tags: [first], gone: [] });

  const { change, remove } = db.stores.idTags;
  const expiresAt = new Date("2027-01-01T00:00:00.000Z");
  const changes = { status: "blocked", groupId: "G", expiresAt, chargerIds: [b] } as const;
  const changed = await change(
    organizationId,
    tag.id,
    { ...changes, chargerIds: [b] },
    systemIds.uuid(),
    new Date(),
  );
  const second = {
    ...first,
    blocked: true,
    groupId: "G",
    expiresAtMs: expiresAt.getTime(),
    chargerIds: [b],
  };
  expect(changed?.update).toEqual({ ...at, version: 2, tags: [second], gone: [] });
  expect(await db.stores.tagRegistry.current(organizationId, at.shard, [key, "other"])).toEqual({
    ...at,
    version: 2,
    tags: [second],
    gone: ["other"],
  });

  const kept = await change(organizationId, tag.id, { name: "N" }, systemIds.uuid(), new Date());
  expect(kept?.update).toEqual({ ...at, version: 3, tags: [second], gone: [] });
  expect(await db.stores.idTags.get(organizationId, tag.id)).toMatchObject({
    tag: { name: "N" },
    chargeBoxIds: ["B"],
  });
  const everywhere = await change(organizationId, tag.id, { chargerIds: [] }, systemIds.uuid(), new Date());
  expect(everywhere?.update.tags).toEqual([{ ...second, chargerIds: null }]);

  const removed = await remove(organizationId, tag.id, systemIds.uuid(), new Date());
  expect(removed?.update).toEqual({ ...at, version: 5, tags: [], gone: [key] });
  expect(await remove(organizationId, tag.id, systemIds.uuid(), new Date())).toBeNull();
});

it("a tag exists once, whatever its case, and other organisations see none of it", async () => {
  const { organizationId } = await withChargers([]);
  const other = await db.tenant();
  const { tag } = await stored(organizationId, newTag("Same"));
  await expect(stored(organizationId, newTag("SAME"))).rejects.toThrow(Conflict);
  await stored(other.organization.id, newTag("SAME"));
  expect(await db.stores.idTags.get(other.organization.id, tag.id)).toBeNull();
  const now = new Date();
  expect(
    await db.stores.idTags.change(
      other.organization.id,
      tag.id,
      { status: "blocked" },
      systemIds.uuid(),
      now,
    ),
  ).toBeNull();
  expect(await db.stores.idTags.remove(other.organization.id, tag.id, systemIds.uuid(), now)).toBeNull();
});

it("a repeated claim gets the recorded answer, and one of another body stores nothing", async () => {
  const { organizationId } = await withChargers([]);
  const claim = { method: "POST", path: "/api/v1/id-tags", key: "k", bodyHash: "h" };
  const create = (idTag: string, bodyHash = "h") =>
    db.stores.idTags.create(
      organizationId,
      newTag(idTag),
      systemIds.uuid(),
      { ...claim, bodyHash },
      { ...RECORD, body: idTag },
      new Date(),
    );
  expect((await create("First")).kind).toBe("done");
  expect(await create("First")).toEqual({ kind: "replayed", response: { ...RECORD, body: "First" } });
  await expect(create("Second", "other")).rejects.toThrow();
  expect(
    (await db.stores.idTags.list(organizationId, null, { limit: 10, offset: 0 })).rows.map(
      ({ idTag }) => idTag,
    ),
  ).toEqual(["First"]);
});

it("pages by offset and by cursor show the same tags, newest first", async () => {
  const { organizationId } = await withChargers([]);
  for (let n = 0; n < 7; n++)
    await stored(organizationId, newTag(`T${n}`, { status: n % 2 === 0 ? "active" : "blocked" }));
  const names = (rows: Array<{ idTag: string }>) => rows.map(({ idTag }) => idTag);
  const { list, listAfter } = db.stores.idTags;
  const first = await list(organizationId, null, { limit: 3, offset: 0 });
  expect([first.total, names(first.rows)]).toEqual([7, ["T6", "T5", "T4"]]);
  const after = first.rows.at(-1)?.id ?? "";
  const second = await list(organizationId, null, { limit: 3, offset: 3 });
  expect(names(second.rows)).toEqual(["T3", "T2", "T1"]);
  expect(names(await listAfter(organizationId, null, { after, limit: 3 }))).toEqual(names(second.rows));
  const blocked = await list(organizationId, "blocked", { limit: 2, offset: 0 });
  expect([blocked.total, names(blocked.rows)]).toEqual([3, ["T5", "T3"]]);
  const rest = { after: blocked.rows.at(-1)?.id ?? "", limit: 2 };
  expect(names(await listAfter(organizationId, "blocked", rest))).toEqual(["T1"]);
  const beyond = await list(organizationId, null, { limit: 3, offset: 70 });
  expect([beyond.total, beyond.rows]).toEqual([7, []]);
});

it("a charger's list has the tags of all chargers and its own, by key, with the version of the whole", async () => {
  const { organizationId, ids } = await withChargers(["A", "B"]);
  const [a = "", b = ""] = ids;
  for (const [name, chargerIds] of [
    ["c", []],
    ["a", [a]],
    ["b", [b]],
    ["d", [a, b]],
  ] as const)
    await stored(organizationId, newTag(name, { chargerIds: [...chargerIds] }));
  const { validFor } = db.stores.idTags;
  const first = await validFor(organizationId, a, "", 2);
  expect([first.version, first.tags.map(({ key }) => key)]).toEqual([4, ["a", "c"]]);
  expect((await validFor(organizationId, a, "c", 2)).tags.map(({ key }) => key)).toEqual(["d"]);
});

it("effects that were not carried out are published again after a minute, and once a day all shards are looked at", async () => {
  const { organizationId } = await withChargers([]);
  const { effects } = await stored(organizationId, newTag("Left"));
  const { tagRegistry } = db.stores;
  const inAMinute = new Date(Date.now() + 61_000);
  const left = await tagRegistry.leftOver(inAMinute);
  expect(left).toContainEqual({ id: effects.id, attempt: 1, total: 1 });
  expect(await tagRegistry.pending(effects.id, 0, 10)).toEqual([
    { seq: 0, organizationId, shard: tagShard("left"), key: "left" },
  ]);
  await tagRegistry.done(effects.id, [0]);
  expect(await tagRegistry.pending(effects.id, 0, 10)).toEqual([]);

  const tomorrow = new Date(Date.now() + 25 * 3_600_000);
  const looked = new Set<string>();
  for (let batch = await next(); batch; batch = await next()) {
    const all = await tagRegistry.pending(batch.id, 0, 100);
    expect(all.map(({ shard, key }) => [shard, key])).toEqual(
      Array.from({ length: TAG_SHARDS }, (_, shard) => [shard, null]),
    );
    looked.add(all[0]?.organizationId ?? "");
    await tagRegistry.done(
      batch.id,
      all.map(({ seq }) => seq),
    );
  }
  expect(looked).toContain(organizationId);
  function next() {
    return tagRegistry.reconcileNext(systemIds.uuid(), tomorrow);
  }
});

it("a registry that has seen later versions than the database raises the version above them", async () => {
  const { organizationId } = await withChargers([]);
  await stored(organizationId, newTag("One"));
  const { tagRegistry } = db.stores;
  expect(await tagRegistry.raiseVersion(organizationId, 1)).toBe(false);
  expect(await tagRegistry.raiseVersion(organizationId, 40)).toBe(true);
  expect((await stored(organizationId, newTag("Two"))).update.version).toBe(42);
  expect(await tagRegistry.raiseVersion(systemIds.uuid(), 40)).toBe(true);
});

it("a shard is read by pages, each with the version of the organisation's tags", async () => {
  const { organizationId } = await withChargers([]);
  const names = Array.from({ length: 40 }, (_, n) => `card-${n}`);
  for (const name of names) await stored(organizationId, newTag(name));
  const wanted = names.filter((name) => tagShard(name) === 3).toSorted();
  const first = await db.stores.tagRegistry.shardPage(organizationId, 3, "", 1);
  const rest = await db.stores.tagRegistry.shardPage(organizationId, 3, wanted[0] ?? "", 100);
  expect([...first.tags, ...rest.tags].map(({ key }) => key)).toEqual(wanted);
  expect(first.version).toBe(40);
});
