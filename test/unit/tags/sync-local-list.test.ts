import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openDatabase, type Database } from "../../harness/database.ts";
import { listScene } from "./list-scene.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

/** A connected charger whose list is managed and holds one tag. */
async function managed() {
  const scene = await listScene(db, 1);
  const first = await scene.tag("FIRST");
  await scene.connected(scene.id);
  await scene.manage(0);
  expect(await scene.sync(scene.id)).toBeNull();
  scene.clock.nowMs += 120_000;
  return { ...scene, first };
}

it("a managed list holds the tags that are valid at its charger, in their status, and nothing else", async () => {
  const scene = await listScene(db, 2);
  const [here = "", elsewhere = ""] = scene.ids;
  await scene.tag("ALL");
  await scene.tag("HERE", { chargerIds: [here] });
  await scene.tag("ELSEWHERE", { chargerIds: [elsewhere] });
  await scene.tag("BLOCKED", { status: "blocked" });
  await scene.tag("LONGER-THAN-16-CAN-READ");
  await scene.tag("POLICE", { groupId: "PASS", chargerIds: [elsewhere] });
  await db.sql("UPDATE organizations SET master_pass_group_id = 'PASS' WHERE id = $1", [
    scene.organizationId,
  ]);
  await scene.connected(here);
  expect(await scene.state(0)).toMatchObject({ mode: "off", version: null, outcome: null, updatedAt: null });
  const set = await scene.manage(0);
  expect(set).toMatchObject({
    start: { chargerId: here, attempt: 0 },
    state: { mode: "managed", outcome: "pending" },
  });
  expect(await scene.state(0)).toEqual(set?.state);
  expect(await scene.sync(here)).toBeNull();
  expect(Object.fromEntries(scene.station.list)).toEqual({
    ALL: "Accepted",
    HERE: "Accepted",
    BLOCKED: "Blocked",
    POLICE: "Accepted",
  });
  const known = { version: 1, reportedVersion: 1, entries: 4 };
  expect(await scene.state(0)).toMatchObject({ mode: "managed", ...known, outcome: "applied" });
  expect(await scene.manage(0)).toEqual({ start: null, state: await scene.state(0) });
});

it("changes of many tags are joined into one differential list, and nothing is sent without a change", async () => {
  const { station, ...scene } = await managed();
  expect(await scene.pass()).toBe(0);
  station.asked.length = 0;
  for (const name of ["A", "B", "C", "D"]) await scene.tag(name);
  await scene.change(scene.first, { status: "blocked" });
  expect(await scene.pass()).toBe(1);
  // What was confirmed last is known: no version is asked for.
  expect(station.asked).toEqual(["sendLocalList"]);
  expect(station.updates).toEqual(["Full", "Differential"]);
  expect([...station.list.keys()].toSorted()).toEqual(["A", "B", "C", "D", "FIRST"]);
  await scene.remove(scene.first);
  expect(await scene.pass()).toBe(1);
  expect([...station.list.keys()].toSorted()).toEqual(["A", "B", "C", "D"]);
  expect(station.versions).toEqual([1, 2, 3]);
  // A tag of another charger changes the tags of the organisation, and nothing at this station.
  await scene.tag("ELSEWHERE", { chargerIds: ["00000000-0000-4000-8000-000000000000"] });
  expect([await scene.pass(), station.versions.length, await scene.pass()]).toEqual([1, 3, 0]);
});

it("lists that are in line cost one statement a pass, whatever their number: no row is written, and no station is asked", async () => {
  const scene = await listScene(db, 3);
  await scene.tag("FIRST");
  for (const [index, id] of scene.ids.entries()) {
    await scene.connected(id);
    await scene.manage(index);
    await scene.sync(id);
  }
  const stored =
    "SELECT xmin::text, charger_id FROM charger_local_lists WHERE organization_id = $1 ORDER BY 2";
  const before = await db.sql(stored, [scene.organizationId]);
  expect(before).toHaveLength(3);
  scene.clock.nowMs += 120_000;
  await scene.pass();
  for (const id of scene.ids) scene.stationOf(id).asked.length = 0;
  const spies = (["read", "write", "store"] as const).map((name) => vi.spyOn(db.sql, name));
  for (let passes = 0; passes < 5; passes += 1) expect(await scene.pass()).toBe(0);
  expect(spies.map(({ mock }) => mock.calls.length)).toEqual([0, 5, 0]);
  for (const spy of spies) spy.mockRestore();
  expect(await db.sql(stored, [scene.organizationId])).toEqual(before);
  expect(scene.ids.flatMap((id) => scene.stationOf(id).asked)).toEqual([]);
});

it("a reconnect and a boot are followed by one question for the version, and by a list only if it is not ours", async () => {
  const { station, ...scene } = await managed();
  station.generation += 1;
  await scene.connected(scene.id);
  station.asked.length = 0;
  expect([await scene.pass(), await scene.pass()]).toEqual([1, 0]);
  expect(station.asked).toEqual(["getLocalListVersion", "getLocalListLimits"]);
  // A boot on the same connection, after which the station has lost its list.
  station.version = 0;
  station.list.clear();
  await scene.booted(scene.id);
  expect([await scene.pass(), await scene.pass()]).toEqual([1, 0]);
  expect([station.versions, station.updates]).toEqual([
    [1, 2],
    ["Full", "Full"],
  ]);
  expect([...station.list.keys()]).toEqual(["FIRST"]);
  // Somebody else gave it a list with a higher version.
  station.version = 900;
  station.list.clear();
  station.generation += 1;
  await scene.connected(scene.id);
  expect(await scene.pass()).toBe(1);
  expect([station.versions.at(-1), [...station.list.keys()]]).toEqual([901, ["FIRST"]]);
});

it("no version is used twice when the answer to a list is lost, and the station ends equal", async () => {
  const { station, ...scene } = await managed();
  await scene.tag("SECOND");
  station.losesAnswer = true;
  const [due] = await db.stores.localLists.due(scene.clock.now());
  expect(due?.chargerId).toBe(scene.id);
  expect(await scene.sync(scene.id, 0)).toBe(5);
  expect(await scene.sync(scene.id, 1)).toBeNull();
  expect(new Set(station.versions).size).toBe(station.versions.length);
  expect(station.versions).toEqual(station.versions.toSorted((a, b) => a - b));
  expect([...station.list.keys()].toSorted()).toEqual(["FIRST", "SECOND"]);
});

it("a run that dies between the CALL and the confirmation leaves a version that is never used again", async () => {
  const { station, ...scene } = await managed();
  await scene.tag("SECOND");
  const work = await db.stores.localLists.work(scene.id);
  if (!work) throw new Error("not managed");
  // The station took version 2, and nobody was left to store it.
  expect(await db.stores.localLists.begin(work, 2)).toBe(true);
  expect(await db.stores.localLists.begin(work, 2)).toBe(false);
  station.version = 2;
  station.list.set("GONE-SINCE", "Accepted");
  expect(await scene.pass()).toBe(1);
  expect([station.versions, station.updates]).toEqual([
    [1, 3],
    ["Full", "Full"],
  ]);
  expect([...station.list.keys()].toSorted()).toEqual(["FIRST", "SECOND"]);
});

it("a list is cut to the station's limits, tags that may charge first, and its messages to their own limit", async () => {
  const scene = await listScene(db, 1);
  for (let index = 0; index < 9; index += 1)
    await scene.tag(`CARD-${index}`, { status: index < 5 ? "blocked" : "active" });
  await scene.connected(scene.id);
  scene.station.limits = { isEnabled: true, entriesMax: 5, itemsMax: 2 };
  await scene.manage(0);
  expect(await scene.sync(scene.id)).toBeNull();
  expect([...scene.station.list.keys()].toSorted()).toEqual([
    "CARD-0",
    "CARD-5",
    "CARD-6",
    "CARD-7",
    "CARD-8",
  ]);
  expect(scene.station.updates).toEqual(["Full", "Differential", "Differential"]);
  expect(await scene.state(0)).toMatchObject({ entries: 5, outcome: "cut", version: 3 });
});

it("a VersionMismatch is followed by one full list", async () => {
  const { station, ...scene } = await managed();
  station.version = 50;
  await scene.tag("SECOND");
  expect(await scene.pass()).toBe(1);
  expect([station.versions, station.updates]).toEqual([
    [1, 2, 51],
    ["Full", "Differential", "Full"],
  ]);
  expect(await scene.state(0)).toMatchObject({ version: 51, reportedVersion: 51, outcome: "applied" });
});

const refusing = (status: string) => (kind: string) =>
  kind === "sendLocalList"
    ? ({
        kind: "answered",
        version: "ocpp1.6",
        answer: { kind: "status", status, ocppStatus: status, statusInfo: null },
      } as const)
    : null;

it.each([
  ["Failed", "failed"],
  ["NotSupported", "unsupported"],
])("a station that answers %s is asked no more before something changes", async (word, outcome) => {
  const scene = await listScene(db, 1);
  await scene.tag("CARD");
  await scene.connected(scene.id);
  scene.station.answers = ({ kind }) => refusing(word)(kind);
  await scene.manage(0);
  expect(await scene.sync(scene.id)).toBeNull();
  expect(await scene.state(0)).toMatchObject({ outcome, entries: null });
  const { length } = scene.station.asked;
  expect([await scene.pass(), await scene.pass(), scene.station.asked.length]).toEqual([0, 0, length]);
});

it.each([
  [{ kind: "stationError", code: "NotImplemented", description: "", details: {} } as const, "unsupported"],
  [
    { kind: "answered", version: "ocpp1.6", answer: { kind: "localListVersion", listVersion: -1 } } as const,
    "unsupported",
  ],
])("a station without a local list is told from one with an empty list: %o", async (answer, outcome) => {
  const scene = await listScene(db, 1);
  await scene.connected(scene.id);
  scene.station.answers = () => answer as never;
  await scene.manage(0);
  expect(await scene.sync(scene.id)).toBeNull();
  expect(await scene.state(0)).toMatchObject({ outcome });
  await scene.tag("CARD");
  expect(await scene.pass()).toBe(0);
});

it("a station whose list is switched off gets none, and a silent one is given up until something changes", async () => {
  const scene = await listScene(db, 1);
  await scene.connected(scene.id);
  scene.station.limits.isEnabled = false;
  await scene.manage(0);
  await scene.sync(scene.id);
  expect(await scene.state(0)).toMatchObject({ outcome: "disabled" });
  await scene.manage(0, "off");
  await scene.manage(0);
  scene.station.answers = () => ({ kind: "timeout", sent: true });
  const pauses = [];
  for (let tries = 0; tries < 5; tries += 1) pauses.push(await scene.sync(scene.id, tries));
  expect(pauses).toEqual([5, 20, 80, 300, null]);
  expect(await scene.state(0)).toMatchObject({ outcome: "unanswered" });
  expect(await scene.pass()).toBe(0);
});

it("nothing is sent to a station that is offline or not accepted, and its connection or boot makes its list due", async () => {
  const scene = await listScene(db, 1);
  await scene.tag("CARD");
  await scene.manage(0);
  scene.station.isOnline = false;
  expect([await scene.sync(scene.id), scene.station.asked]).toEqual([null, []]);
  expect(await scene.pass()).toBe(0);
  scene.station.isOnline = true;
  scene.station.registration = "Pending";
  await scene.connected(scene.id);
  scene.clock.nowMs += 120_000;
  expect([await scene.pass(), await scene.pass(), scene.station.asked]).toEqual([1, 0, []]);
  scene.station.registration = "Accepted";
  await scene.booted(scene.id);
  expect(await scene.pass()).toBe(1);
  expect([...scene.station.list.keys()]).toEqual(["CARD"]);
});

it("a direct list switches the mode off, so that a run that is under way sends nothing more, and an unsent one leaves it on", async () => {
  const { station, ...scene } = await managed();
  const [identity = ""] = scene.identities;
  const { localLists } = db.stores;
  const work = await localLists.work(scene.id);
  const revision = await localLists.replace(scene.organizationId, identity, scene.clock.now());
  expect(await scene.state(0)).toMatchObject({ mode: "off", outcome: "replaced", entries: null });
  expect(await localLists.begin(work ?? { chargerId: "", revision: 0 }, 9)).toBe(false);
  await scene.tag("SECOND");
  expect([await scene.pass(), station.versions]).toEqual([0, [1]]);
  expect(await localLists.replace(scene.organizationId, identity, scene.clock.now())).toBeNull();
  await localLists.keep(scene.organizationId, identity, revision ?? 0, scene.clock.now());
  expect(await scene.pass()).toBe(1);
  expect(await scene.state(0)).toMatchObject({ mode: "managed", outcome: "applied", version: 2 });
});

it("an erased tag is not kept in what is known of a list", async () => {
  const { ...scene } = await managed();
  const erasure = { id: crypto.randomUUID(), pseudonym: "erased-1", now: scene.clock.now() };
  await db.stores.tagJobs.acceptErasure(scene.organizationId, scene.first, erasure);
  const chargers = [{ id: scene.id, identity: "LIST-0", organizationSlug: "", hasSession: false }];
  const part = { key: "first", pseudonym: "erased-1", cursor: null, chargers };
  await db.stores.tagJobs.erase(scene.organizationId, erasure.id, part, scene.clock.now());
  const [row] = await db.sql("SELECT l::text AS text FROM charger_local_lists l WHERE charger_id = $1", [
    scene.id,
  ]);
  expect(String(row?.["text"])).not.toContain("first");
  expect(await scene.pass()).toBe(1);
  expect([...scene.station.list.keys()]).toEqual([]);
});

it("50 changes within a minute reach every station as one differential list after its full one, and all end equal", async () => {
  const isFull = process.env["BUSBAR_FULL"] === "1";
  const [tags, chargers] = isFull ? [1_000, 300] : [200, 20];
  const scene = await listScene(db, chargers);
  const made: string[] = [];
  for (let index = 0; index < tags; index += 1) made.push(await scene.tag(`CARD-${index}`));
  for (const [index, id] of scene.ids.entries()) {
    scene.stationOf(id).limits.itemsMax = tags;
    await scene.connected(id);
    await scene.manage(index);
    await scene.sync(id);
  }
  scene.clock.nowMs += 120_000;
  for (let index = 0; index < 50; index += 1) {
    const tag = made[index] ?? "";
    if (index % 3 === 0) await scene.remove(tag);
    else if (index % 3 === 1) await scene.change(tag, { status: "blocked" });
    else await scene.tag(`NEW-${index}`);
  }
  expect([await scene.pass(), await scene.pass()]).toEqual([chargers, 0]);
  const expected = new Map(Array.from({ length: tags }, (_, index) => [`CARD-${index}`, "Accepted"]));
  for (let index = 0; index < 50; index += 1) {
    if (index % 3 === 0) expected.delete(`CARD-${index}`);
    else if (index % 3 === 1) expected.set(`CARD-${index}`, "Blocked");
    else expected.set(`NEW-${index}`, "Accepted");
  }
  const sorted = (list: Map<string, string>) => [...list].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const id of scene.ids) {
    const station = scene.stationOf(id);
    expect([station.updates, station.versions]).toEqual([
      ["Full", "Differential"],
      [1, 2],
    ]);
    expect(sorted(station.list)).toEqual(sorted(expected));
  }
}, 120_000);
