import { afterAll, beforeAll, expect, it } from "vitest";
import { Unavailable } from "../../../src/errors.ts";
import { manageLocalList } from "../../../src/tags/manage-local-list.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { unusedPort } from "../api/fake-ports.ts";
import { listScene } from "./list-scene.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

it("a list mode that was stored is answered with its list, also when the database can not be read any more", async () => {
  const { organizationId, identities, clock, id } = await listScene(db, 1);
  const started: string[] = [];
  const ports = {
    localLists: {
      ...db.stores.localLists,
      get: () => Promise.reject(new Unavailable("Service temporarily unavailable")),
    },
    runs: {
      ...unusedPort("runs"),
      syncLocalList: async ({ chargerId }: { chargerId: string }) => void started.push(chargerId),
    },
    clock,
  } as unknown as Parameters<typeof manageLocalList>[0];
  const [identity = ""] = identities;
  const set = (mode: "managed" | "off") =>
    manageLocalList(ports, { organizationId, background: () => {} }, identity, mode);
  const updatedAt = clock.now();
  const nothing = { version: null, reportedVersion: null, entries: null };
  const managed = { ...nothing, mode: "managed", outcome: "pending", updatedAt };
  expect(await set("managed")).toEqual(managed);
  clock.nowMs += 1000;
  // Nothing changes, and no run is started.
  expect(await set("managed")).toEqual(managed);
  expect(started).toEqual([id]);
  expect(await set("off")).toEqual({ ...nothing, mode: "off", outcome: null, updatedAt: clock.now() });
});
