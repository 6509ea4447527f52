import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { durableTagRegistries, registryReader } from "../../../src/durable/tag-registries.ts";
import { readEnv, type RawEnv } from "../../../src/env.ts";
import type { RegistryTag, TagUpdate } from "../../../src/ports.ts";
import { registryName, tagShard } from "../../../src/tag-shard.ts";
import { DatabaseDouble } from "./session/database-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const registries = () => durableTagRegistries(readEnv(env as RawEnv));
const ask = () => registryReader(readEnv(env as RawEnv));
const tag = (key: string, fields: Partial<RegistryTag> = {}): RegistryTag => ({
  key,
  blocked: false,
  expiresAtMs: null,
  groupId: null,
  type: null,
  chargerIds: null,
  ...fields,
});

function stub(organizationId: string, key: string): DurableObjectStub {
  const namespace = (env as RawEnv).TAG_REGISTRY as DurableObjectNamespace;
  return namespace.getByName(registryName(organizationId, tagShard(key)));
}

function state(organizationId: string, version: number, tags: RegistryTag[], gone: string[] = []): TagUpdate {
  const key = tags[0]?.key ?? gone[0] ?? "";
  return { organizationId, shard: tagShard(key), version, tags, gone };
}

test("a tag is judged by the state with the highest version, in whatever order states arrive", async () => {
  const organizationId = crypto.randomUUID();
  const { put } = registries();
  await put(state(organizationId, 2, [tag("card", { blocked: true })]));
  expect(await put(state(organizationId, 1, [tag("card")]))).toBe(2);
  expect(await ask()(organizationId, "card", "c1")).toMatchObject({ blocked: true });
  await put(state(organizationId, 4, [], ["card"]));
  await put(state(organizationId, 3, [tag("card")]));
  expect(await ask()(organizationId, "card", "c1")).toBeNull();
});

test("a tag of some chargers is valid at those alone", async () => {
  const organizationId = crypto.randomUUID();
  await registries().put(state(organizationId, 1, [tag("card", { chargerIds: ["c1"] })]));
  expect(await ask()(organizationId, "card", "c1")).toMatchObject({ isValidHere: true });
  expect(await ask()(organizationId, "card", "c2")).toMatchObject({ isValidHere: false });
});

test("a shard that was never loaded knows nothing of a tag, loads in the background, and then knows it", async () => {
  const organizationId = crypto.randomUUID();
  database.tags.set(organizationId, { version: 7, tags: [tag("card", { groupId: "G" })] });
  expect(await ask()(organizationId, "card", "c1")).toBe("unknown");
  await vi.waitFor(async () =>
    expect(await ask()(organizationId, "card", "c1")).toMatchObject({ groupId: "G" }),
  );
  const other = ["x", "y", "z"].find((key) => tagShard(key) !== tagShard("card")) ?? "";
  expect(await ask()(organizationId, other, "c1")).toBe("unknown");
});

test("a judgement does not wait for a database that hangs", async () => {
  const organizationId = crypto.randomUUID();
  const hanging = Promise.withResolvers<Response>();
  vi.mocked(globalThis.fetch).mockImplementation(() => hanging.promise);
  const answers = await Promise.all(["card", "card"].map((key) => ask()(organizationId, key, "c1")));
  expect(answers).toEqual(["unknown", "unknown"]);
  hanging.resolve(new Response("down", { status: 503 }));
});

test("a reload takes over what Postgres has, and drops what it does not", async () => {
  const organizationId = crypto.randomUUID();
  const shard = tagShard("card");
  await registries().put(state(organizationId, 3, [tag("card"), tag("stale")]));
  database.tags.set(organizationId, { version: 5, tags: [tag("card", { blocked: true })] });
  await registries().reload(organizationId, shard);
  expect(await ask()(organizationId, "card", "c1")).toMatchObject({ blocked: true });
  const left = await runInDurableObject(stub(organizationId, "card"), (_instance, { storage }) =>
    storage.sql.exec<{ key: string }>("SELECT key FROM tags WHERE body IS NOT NULL").toArray(),
  );
  expect(left.map(({ key }) => key)).toEqual(["card"]);
});

test("a database that was restored from an older copy is raised above what the registry holds", async () => {
  const organizationId = crypto.randomUUID();
  await registries().put(state(organizationId, 90, [tag("card")]));
  database.tags.set(organizationId, { version: 3, tags: [tag("card", { blocked: true })] });
  await registries().reload(organizationId, tagShard("card"));
  expect(database.tags.get(organizationId)?.version).toBe(91);
  expect(await ask()(organizationId, "card", "c1")).toMatchObject({ blocked: true });
});

test("the key of a deleted tag is forgotten after ten minutes, by the alarm", async () => {
  const organizationId = crypto.randomUUID();
  await registries().put(state(organizationId, 1, [tag("card")]));
  await registries().put(state(organizationId, 2, [], ["card"]));
  const keys = () =>
    runInDurableObject(stub(organizationId, "card"), (_instance, { storage }) =>
      storage.sql.exec<{ key: string }>("SELECT key FROM tags").toArray(),
    );
  expect(await keys()).toEqual([{ key: "card" }]);
  await runInDurableObject(stub(organizationId, "card"), async (instance, { storage }) => {
    expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
    storage.sql.exec("UPDATE tags SET at_ms = at_ms - 600000");
    await (instance as { alarm(): Promise<void> } & DurableObject).alarm();
  });
  expect(await keys()).toEqual([]);
});

test("tags survive an eviction", async () => {
  const organizationId = crypto.randomUUID();
  await registries().put(state(organizationId, 1, [tag("card", { expiresAtMs: 5 })]));
  await evictDurableObject(stub(organizationId, "card"));
  expect(await ask()(organizationId, "card", "c1")).toMatchObject({ expiresAtMs: 5 });
});
