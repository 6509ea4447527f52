import { afterAll, beforeAll, expect, test } from "vitest";
import type { SessionFact, StoredEvent } from "../../../src/ports.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { registered } from "./event-scene.ts";

let db: Database;
beforeAll(async () => {
  // Of a server that is shared, transactions of other tests hold up the feed.
  db = await openDatabase({ isShared: false });
});
afterAll(() => db.close());

const online: SessionFact = { type: "connection", online: true, ocppVersion: "ocpp1.6" };

const isDue = async (id: string) => (await db.stores.events.liveDue()).some((due) => due.id === id);

test("statements tell that an organisation is live from the opening of a line to the closing of the last", async () => {
  const { organization, apply, told } = await registered(db);
  const { events } = db.stores;
  const liveOf = async (generation: number) => {
    told.length = 0;
    await apply(generation, Date.now(), online);
    return (told as StoredEvent[]).map(({ isLive }) => isLive);
  };
  expect(await liveOf(1)).toEqual([false]);
  const newest = (
    await events.page(organization.id, { after: null, types: null, chargeBoxId: null, limit: 9 })
  )?.next;
  expect(await events.openLine(organization.id)).toBe(newest);
  expect(await liveOf(2)).toEqual([true]);
  await events.closeLines(organization.id);
  expect(await liveOf(3)).toEqual([false]);
});

test("a first line of an organisation without events begins with its first", async () => {
  const { organization } = await registered(db);
  expect(await db.stores.events.openLine(organization.id)).toBeNull();
});

test("the sweeper finds live organisations with an event of the last two minutes, and no others", async () => {
  const { organization, apply } = await registered(db);
  const { events } = db.stores;
  await apply(1, Date.now(), online);
  expect(await isDue(organization.id)).toBe(false);
  await events.openLine(organization.id);
  expect(await isDue(organization.id)).toBe(true);
  await db.sql.write(
    "UPDATE events SET created_at = now() - interval '3 minutes' WHERE organization_id = $1::uuid",
    [organization.id],
  );
  expect(await isDue(organization.id)).toBe(false);
});
