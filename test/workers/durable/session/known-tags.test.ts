import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { durableTagRegistries } from "../../../../src/durable/tag-registries.ts";
import { TagRegistry } from "../../../../src/durable/tag-registry.ts";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import type { RegistryTag, UnknownTagPolicy } from "../../../../src/ports.ts";
import { tagShard } from "../../../../src/tag-shard.ts";
import { costOf } from "./cost-meter.ts";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, provisioned, StationDouble, type Charger } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const refusing: UnknownTagPolicy = { acceptsUnknown: false, readAtMs: 1 };
const accepting: UnknownTagPolicy = { acceptsUnknown: true, readAtMs: 1 };

let versions = 0;

/** An organisation of its own with a station that is connected. */
async function scene({ tagPolicy = refusing, protocol = "ocpp1.6" } = {}) {
  const organizationId = crypto.randomUUID();
  database.acceptsUnknownTags = tagPolicy.acceptsUnknown;
  const charger = await provisioned({ organizationId, tagPolicy });
  const put = async (key: string, fields: Partial<RegistryTag> | null) => {
    const empty = { blocked: false, expiresAtMs: null, groupId: null, type: null, chargerIds: null };
    const tags = fields === null ? [] : [{ key, ...empty, ...fields }];
    const gone = fields === null ? [key] : [];
    const update = { organizationId, shard: tagShard(key), version: ++versions, tags, gone };
    await durableTagRegistries(readEnv(env as RawEnv)).put(update);
  };
  const station = await StationDouble.booted(charger, { protocol });
  return { organizationId, charger, station, put };
}

async function judged(station: StationDouble, idTag: string): Promise<unknown> {
  const [, , answer] = await station.call("Authorize", { idTag });
  return (answer as { idTagInfo: unknown }).idTagInfo;
}

/** The registry of one organisation does something else from now on when it is asked. */
function spoil(organizationId: string, judge: TagRegistry["judge"]): void {
  const original = TagRegistry.prototype.judge;
  const spy = vi.spyOn(TagRegistry.prototype, "judge").mockImplementation(function (
    this: TagRegistry,
    ...args
  ) {
    return args[0] === organizationId ? judge(...args) : original.apply(this, args);
  });
  onTestFinished(() => spy.mockRestore());
}

const fail = (): never => {
  throw new Error("the registry is away");
};

/** Sessions see the time as it is some seconds later. */
function later(seconds: number): void {
  const now = Date.now.bind(Date);
  const startMs = now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => startMs + seconds * 1000);
  onTestFinished(() => clock.mockRestore());
}

describe("a session", () => {
  test("answers for a stored tag as the registry knows it: accepted, blocked, expired, elsewhere, unknown", async () => {
    const { station, charger, put } = await scene();
    await put("good", { groupId: "G" });
    await put("blocked", { blocked: true });
    await put("expired", { expiresAtMs: 1000 });
    await put("here", { chargerIds: [charger.ref.chargerId] });
    await put("elsewhere", { chargerIds: [crypto.randomUUID()] });
    expect(await judged(station, "GOOD")).toEqual({ status: "Accepted", parentIdTag: "G" });
    expect(await judged(station, "Blocked")).toEqual({ status: "Blocked" });
    expect(await judged(station, "expired")).toEqual({
      status: "Expired",
      expiryDate: "1970-01-01T00:00:01.000Z",
    });
    expect(await judged(station, "here")).toEqual({ status: "Accepted" });
    expect(await judged(station, "elsewhere")).toEqual({ status: "Invalid" });
    expect(await judged(station, "nobody")).toEqual({ status: "Invalid" });
  });

  test.each(["ocpp2.0.1", "ocpp2.1"])(
    "of %s compares the type of a token, and names its group",
    async (protocol) => {
      const { station, put } = await scene({ protocol });
      await put("token", { type: "ISO14443", groupId: "G" });
      const info = async (type: string) => {
        const [, , answer] = await station.call("Authorize", { idToken: { idToken: "TOKEN", type } });
        return (answer as { idTokenInfo: unknown }).idTokenInfo;
      };
      expect(await info("ISO14443")).toEqual({
        status: "Accepted",
        groupIdToken: { idToken: "G", type: "Central" },
      });
      expect(await info("KeyCode")).toEqual({ status: "Unknown" });
    },
  );

  test("gives a transaction its id whatever the tag is, and answers a stop with the group of its tag", async () => {
    const { station, put } = await scene();
    await put("blocked", { blocked: true });
    await put("mate", { groupId: "G" });
    const ids: unknown[] = [];
    for (const [connectorId, idTag] of ["blocked", "nobody"].entries()) {
      const start = {
        connectorId: connectorId + 1,
        idTag,
        meterStart: 0,
        timestamp: new Date().toISOString(),
      };
      const [, , answer] = await station.call("StartTransaction", start);
      ids.push((answer as { transactionId: unknown }).transactionId);
    }
    expect(ids.every((id) => Number.isInteger(id))).toBe(true);
    const stop = { transactionId: ids[0], meterStop: 5, timestamp: new Date().toISOString(), idTag: "Mate" };
    const [, , answer] = await station.call("StopTransaction", stop);
    expect(answer).toEqual({ idTagInfo: { status: "Accepted", parentIdTag: "G" } });
  });

  test("follows a change of a tag within a minute", async () => {
    const { station, put } = await scene();
    await put("card", {});
    expect(await judged(station, "card")).toEqual({ status: "Accepted" });
    await put("card", { blocked: true });
    later(61);
    expect(await judged(station, "card")).toEqual({ status: "Blocked" });
  });

  test("refreshes what it knows in the background after half a minute, so that the card does not wait", async () => {
    const { organizationId, station, put } = await scene();
    await put("card", {});
    await judged(station, "card");
    later(31);
    const asked = vi.fn<TagRegistry["judge"]>(() => ({
      blocked: true,
      expiresAtMs: null,
      groupId: null,
      type: null,
      isValidHere: true,
    }));
    spoil(organizationId, asked);
    expect(await judged(station, "card")).toEqual({ status: "Accepted" });
    await vi.waitFor(async () => expect(await judged(station, "card")).toEqual({ status: "Blocked" }));
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("judges by the last known status, whatever its age and through an eviction, while the registry is away", async () => {
    const { organizationId, charger, station, put } = await scene();
    await put("good", {});
    await put("bad", { blocked: true });
    await judged(station, "good");
    await judged(station, "bad");
    await evictDurableObject(charger.stub, { webSockets: "hibernate" });
    spoil(organizationId, fail);
    later(90 * 24 * 3600);
    expect(await judged(station, "good")).toEqual({ status: "Accepted" });
    expect(await judged(station, "bad")).toEqual({ status: "Blocked" });
  });

  test.each([
    [accepting, "Accepted"],
    [refusing, "Invalid"],
  ] as const)(
    "lets the policy decide of a tag it never saw while the registry is away: %o",
    async (tagPolicy, status) => {
      const { organizationId, station } = await scene({ tagPolicy });
      spoil(organizationId, fail);
      expect(await judged(station, "new")).toEqual({ status });
    },
  );

  test("answers while the registry hangs, and the next card does not ask it", async () => {
    const { organizationId, station } = await scene({ tagPolicy: accepting });
    const asked = vi.fn<TagRegistry["judge"]>(() => new Promise(() => undefined) as never);
    spoil(organizationId, asked);
    expect(await judged(station, "new")).toEqual({ status: "Accepted" });
    expect(await judged(station, "new")).toEqual({ status: "Accepted" });
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("forgets a deleted tag: the policy decides of it again", async () => {
    const { organizationId, station, put } = await scene();
    await put("card", {});
    await judged(station, "card");
    await put("card", null);
    later(61);
    expect(await judged(station, "card")).toEqual({ status: "Invalid" });
    spoil(organizationId, fail);
    later(122);
    expect(await judged(station, "card")).toEqual({ status: "Invalid" });
  });

  test("applies the rules it is told: how long answers may be cached, and the group of the master pass", async () => {
    const { charger, station, put } = await scene();
    await put("police", { groupId: "POLICE", chargerIds: [crypto.randomUUID()] });
    expect(await judged(station, "police")).toMatchObject({ status: "Invalid" });
    const readAtMs = Date.now() + 60_000;
    const told = { acceptsUnknown: false, cacheSeconds: 3600, masterPassGroupId: "POLICE", readAtMs };
    await charger.session.setTagPolicy(charger.ref, told);
    await evictDurableObject(charger.stub, { webSockets: "hibernate" });
    const info = (await judged(station, "police")) as { status: string; expiryDate: string };
    expect(info).toMatchObject({ status: "Accepted", parentIdTag: "POLICE" });
    const inSeconds = (Date.parse(info.expiryDate) - Date.now()) / 1000;
    expect(inSeconds).toBeGreaterThan(3590);
    expect(inSeconds).toBeLessThanOrEqual(3600);
  });
});

describe("an Authorize", () => {
  async function settled(): Promise<{ charger: Charger; station: StationDouble }> {
    const { charger, station, put } = await scene();
    await put("card", {});
    await judged(station, "card");
    await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId)).toHaveLength(2));
    return { charger, station };
  }

  test("of a tag that is known is answered before anything is written, and many share the row of their frames", async () => {
    const { charger, station } = await settled();
    const rowsAt: number[] = [];
    const cost = await costOf(charger, async (rowsSoFar) => {
      for (let tap = 0; tap < 10; tap++) await judged(station, "card");
      rowsAt.push(rowsSoFar());
      await vi.waitFor(() => expect(rowsSoFar()).toBeGreaterThan(0));
    });
    expect(rowsAt).toEqual([0]);
    expect(cost).toMatchObject({ rows: 1, alarms: 0, statements: 0 });
  });

  test("after hibernation asks the registry and writes no row beside that of its frames", async () => {
    const { charger, station } = await settled();
    await evictDurableObject(charger.stub, { webSockets: "hibernate" });
    const cost = await costOf(charger, async (rowsSoFar) => {
      await judged(station, "card");
      await vi.waitFor(() => expect(rowsSoFar()).toBeGreaterThan(0));
    });
    expect(cost).toMatchObject({ rows: 1, alarms: 0, statements: 0 });
  });

  test("sends no statement to the database for any tag, known or not, once its shard is loaded", async () => {
    const { station, charger } = await settled();
    const before = vi.mocked(globalThis.fetch).mock.calls.length;
    for (let tap = 0; tap < 10; tap++) await judged(station, "card");
    expect(vi.mocked(globalThis.fetch).mock.calls.length).toBe(before);
    await inObject(charger, () => undefined);
  });

  test("of a 257th tag drops the one that was remembered first", async () => {
    const { organizationId, charger, station } = await scene();
    const registries = durableTagRegistries(readEnv(env as RawEnv));
    const keys = Array.from({ length: 300 }, (_, n) => `card-${n}`);
    const empty = { blocked: false, expiresAtMs: null, groupId: null, type: null, chargerIds: null };
    for (const [shard, own] of Map.groupBy(keys, tagShard)) {
      const tags = own.map((key) => ({ key, ...empty }));
      await registries.put({ organizationId, shard, version: ++versions, tags, gone: [] });
    }
    for (const key of keys) await judged(station, key);
    const stored = await inObject(charger, (_instance, { storage }) =>
      storage.sql.exec<{ key: string }>("SELECT key FROM known_tags ORDER BY seq").toArray(),
    );
    expect(stored.map(({ key }) => key)).toEqual(keys.slice(-256));
  });
});
