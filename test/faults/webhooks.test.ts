import { afterAll, beforeAll, expect, test } from "vitest";
import { engineHooks } from "../harness/engine-hooks.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type PartName, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";
import { createWebhook, feedOf } from "../harness/webhook-client.ts";
import { startReceiver, type WebhookReceiver } from "../harness/webhook-receiver.ts";

const SECRET = "a secret that only the receiver knows";
const EVENTS = ["charger.connected", "connector.status_changed"];
const STATIONS = 6;
const STATUSES = ["Preparing", "Charging", "SuspendedEV", "Finishing", "Available"];
/** Sessions flush within a minute after the database is back. */
const FLUSH_DEADLINE_MS = 90_000;

let stack: RunningStack;
let receiver: WebhookReceiver;
beforeAll(async () => {
  stack = await startStack({ env: { BUSBAR_ENGINE_HOOKS: "1" } });
  receiver = await startReceiver(SECRET);
});
afterAll(async () => {
  await receiver.close();
  await stack.stop();
});

/** Makes deliveries that wait due for the sweeper, as if their time were over, and lets it run. */
async function sweepLater(): Promise<void> {
  const sql = openSql(stack.address("sql"));
  await sql(
    "UPDATE webhook_deliveries SET due_at = now() - interval '1 second' WHERE status = 'pending'",
    [],
  );
  await sql("DELETE FROM task_locks WHERE name = 'sweeper'", []);
  await stack.fireScheduled();
}

test("kill -9 of engine, runtime and database while chargers report: every event of the feed arrives, and answers wait for none", async () => {
  const id = await createWebhook(stack, {
    url: receiver.url,
    events: EVENTS,
    secret: SECRET,
  });
  const identities = Array.from({ length: STATIONS }, (_, n) => `KILLED-HOOK-${n}`);
  const doors = await inParallel(identities, 3, (identity) => newDoor(stack, identity));
  let stations = await inParallel(doors, 3, (door) => RawStation.booted(door));
  const report = (status: string) =>
    inParallel(stations, STATIONS, (station) =>
      station.call("StatusNotification", {
        connectorId: 1,
        errorCode: "NoError",
        status,
        timestamp: new Date().toISOString(),
      }),
    );
  const parts: Array<PartName | null> = [null, "engine", "sql", "worker", null];
  for (const [n, part] of parts.entries()) {
    await report(STATUSES[n] ?? "");
    if (part === null) continue;
    await stack.replacePart(part);
    if (part === "worker")
      stations = await inParallel(doors, 3, (door) =>
        waitFor("a new connection", () => RawStation.connect(door).catch(() => null), 30_000),
      );
  }
  const wanted = await waitFor(
    "every status in the feed",
    async () => {
      const feed = (await feedOf(stack)).filter(
        ({ event, data }) => EVENTS.includes(event) && String(data["chargeBoxId"]).startsWith("KILLED-HOOK-"),
      );
      const statuses = feed.filter(({ event }) => event === "connector.status_changed");
      const told = new Set(
        statuses.map(({ data }) => `${String(data["chargeBoxId"])} ${String(data["status"])}`),
      );
      return told.size === STATIONS * STATUSES.length && feed;
    },
    FLUSH_DEADLINE_MS,
  );
  const engine = engineHooks(stack);
  await waitFor(
    "every event at the receiver",
    async () => {
      await sweepLater();
      await engine.forward(20);
      const arrived = new Set(receiver.ids());
      return wanted.every((event) => arrived.has(event.id));
    },
    FLUSH_DEADLINE_MS,
  );
  const left = await waitFor("the deliveries to be settled", async () => {
    const rows = await openSql(stack.address("sql"))(
      "SELECT status, count(*)::int AS n FROM webhook_deliveries WHERE webhook_id = $1 GROUP BY status",
      [id],
    );
    return rows.every(({ status }) => status !== "pending") && rows;
  });
  expect(left).toEqual([{ status: "delivered", n: expect.any(Number) as number }]);
  expect(receiver.received.filter(({ verified }) => verified instanceof Error)).toEqual([]);
});
