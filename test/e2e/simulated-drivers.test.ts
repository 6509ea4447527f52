import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { call, postBatch } from "../harness/fleet.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
  const organization = { acceptUnknownIdTags: false, masterPassGroupId: "POLICE" };
  expect((await call(stack, "PATCH", "/api/v1/organization", organization)).status).toBe(200);
  await call(stack, "POST", "/api/v1/chargers", { chargeBoxId: "ELSEWHERE" });
  await create({ idTag: "GOOD", groupId: "FLEET" });
  await create({ idTag: "MATE", groupId: "FLEET" });
  await create({ idTag: "OTHER", groupId: "RIVALS" });
  await create({ idTag: "POLICE-1", groupId: "POLICE", chargeBoxIds: ["ELSEWHERE"] });
  await create({ idTag: "EXPIRED", expiryDate: "2020-01-01T00:00:00.000Z" });
  await create({ idTag: "AWAY", chargeBoxIds: ["ELSEWHERE"] });
  const blocked = await create({ idTag: "BLOCKED" });
  const patched = await call(stack, "PATCH", `/api/v1/id-tags/${blocked}`, { status: "blocked" });
  expect(patched.status).toBe(200);
});
afterAll(() => stack.stop());

async function create(body: object): Promise<string> {
  const answer = await call(stack, "POST", "/api/v1/id-tags", body);
  expect(answer.status).toBe(201);
  return z.object({ id: z.string() }).parse(answer.body).id;
}

interface Charger {
  id: string;
  identity: string;
}

async function provisioned(chargers: number, version: string): Promise<Charger[]> {
  const batch = await postBatch(stack, { chargers, version });
  return (await batch.finished()).results?.created ?? [];
}

const queued = z.object({ queued_count: z.literal(1) });

/** Has something happen at the station. */
async function happen({ id }: Charger, name: string, event: object = {}): Promise<void> {
  const body = { target: { charger_id: id }, event };
  queued.parse((await call(stack, "POST", `/ocpp/commands/${name}`, body)).body);
}

const logs = z.object({ data: z.array(z.object({ action: z.string().nullable(), message: z.string() })) });

/** The frames of the station, oldest first. */
async function frames({ id }: Charger): Promise<Array<{ action: string | null; message: string }>> {
  const { body } = await call(stack, "GET", `/ocpp/chargers/${id}/logs?limit=1000`);
  return logs.parse(body).data.toReversed();
}

/** Waits for a frame and returns the actions of those after it. */
function actionsAfter(charger: Charger, pattern: RegExp): Promise<Array<string | null>> {
  return waitFor(`${pattern} at ${charger.identity}`, async () => {
    const all = await frames(charger);
    const at = all.findIndex(({ message }) => pattern.test(message));
    return at >= 0 && all.slice(at + 1).map(({ action }) => action);
  });
}

const transactions = z.object({
  transactions: z.array(z.looseObject({ transactionId: z.number(), idTag: z.string(), status: z.string() })),
});

async function transactionsOf({ identity }: Charger) {
  const { body } = await call(stack, "GET", `/api/v1/transactions?chargeBoxId=${identity}`);
  return transactions.parse(body).transactions;
}

/** The transaction of a tag, once it has this status. */
function transactionWith(charger: Charger, idTag: string, status: string) {
  return waitFor(`a transaction of ${idTag} ${status} at ${charger.identity}`, async () =>
    (await transactionsOf(charger)).find((row) => row.idTag === idTag && row.status === status),
  );
}

const BEGINS = ["StartTransaction", "TransactionEvent"];

describe.concurrent.each(["OCPP1.6", "OCPP2.0.1", "OCPP2.1"])(
  "drivers at simulated %s stations",
  (version) => {
    const is16 = version === "OCPP1.6";

    test("each card gets its status, and only an accepted one charges; its transaction is one row", async ({
      expect,
    }) => {
      const cards: [idTag: string, v16: string, v2x: string][] = [
        ["BLOCKED", "Blocked", "Blocked"],
        ["EXPIRED", "Expired", "Expired"],
        ["AWAY", "Invalid", "NotAtThisLocation"],
        ["NOBODY", "Invalid", "Unknown"],
        ["GOOD", "Accepted", "Accepted"],
        ["POLICE-1", "Accepted", "Accepted"],
      ];
      const chargers = await provisioned(cards.length, version);
      const drives = async ([idTag, v16, v2x]: (typeof cards)[number], charger: Charger) => {
        await happen(charger, "start-session", { id_tag: idTag });
        const status = is16 ? v16 : v2x;
        const authorized = new RegExp(`"id(Tag|Token)Info":\\{[^{}]*"status":"${status}"`);
        if (status !== "Accepted") {
          // The car has left when its connector is free again.
          const [, asked] = await Promise.all([
            actionsAfter(charger, authorized),
            actionsAfter(charger, /"(Preparing|Occupied)"/),
          ]);
          await waitFor(`${charger.identity} free again`, async () => {
            const all = await frames(charger);
            const statuses = all.filter(({ message }) => /^\[2,"[^"]*","StatusNotification"/.test(message));
            return statuses.length >= 3 && /"Available"/.test(statuses.at(-1)?.message ?? "");
          });
          expect(asked).toContain("Authorize");
          const actions = (await frames(charger)).map(({ action }) => action);
          expect(actions.filter((action) => BEGINS.includes(action ?? ""))).toEqual([]);
          expect([idTag, await transactionsOf(charger)]).toEqual([idTag, []]);
          return;
        }
        await actionsAfter(charger, authorized);
        expect(await transactionWith(charger, idTag, "in_progress")).toMatchObject({ remoteStarted: false });
        await happen(charger, "stop-session");
        await transactionWith(charger, idTag, "completed");
        expect(await transactionsOf(charger)).toHaveLength(1);
      };
      await Promise.all(
        cards.map((card, index) => drives(card, chargers[index] ?? { id: "none", identity: "none" })),
      );
    });

    const reservations = z.object({
      reservations: z.array(
        z.looseObject({ id: z.string(), status: z.string(), transactionId: z.number().optional() }),
      ),
    });
    const path = ({ identity }: Charger) => `/api/v1/chargers/${identity}/reservations`;
    const reserve = async (charger: Charger, forMs = 3_600_000) => {
      const expiresAt = new Date(Date.now() + forMs).toISOString();
      const body = { connectorId: 1, idTag: "GOOD", groupId: "FLEET", expiresAt };
      const answer = await call(stack, "POST", path(charger), body);
      expect([answer.status, answer.body]).toMatchObject([201, { status: "active" }]);
      return z.object({ id: z.string(), reservationId: z.number() }).parse(answer.body);
    };
    const reservationWith = (charger: Charger, id: string, status: string) =>
      waitFor(`reservation ${id} ${status}`, async () => {
        const { body } = await call(stack, "GET", path(charger));
        return reservations.parse(body).reservations.find((each) => each.id === id && each.status === status);
      });

    test("a reserved connector is refused to a driver out of its group, and used by one of its group", async ({
      expect,
    }) => {
      const [charger = { id: "none", identity: "none" }] = await provisioned(1, version);
      const { id, reservationId } = await reserve(charger);
      await happen(charger, "start-session", { id_tag: "OTHER" });
      await actionsAfter(charger, /had no effect: the connector is not free/);
      const remote = { connectorId: 1, idTag: "OTHER" };
      const refused = await call(stack, "POST", `/api/v1/chargers/${charger.identity}/remote-start`, remote);
      expect([refused.status, refused.body]).toMatchObject([200, { status: "rejected" }]);
      await reservationWith(charger, id, "active");

      // The station learns the group of a card from an answer.
      await happen(charger, "authorize", { id_tag: "MATE" });
      await actionsAfter(charger, /"FLEET"[^[]*$/);
      await happen(charger, "start-session", { id_tag: "MATE" });
      const { transactionId } = await reservationWith(charger, id, "used");
      expect(await transactionWith(charger, "MATE", "in_progress")).toMatchObject({ transactionId });
      const begun = (await frames(charger)).find(
        ({ message }) => message.includes('"MATE"') && /Start/.test(message),
      );
      expect(begun?.message).toContain(`"reservationId":${reservationId}`);

      const stop = await call(stack, "POST", `/api/v1/transactions/${transactionId}/stop`);
      expect([stop.status, stop.body]).toMatchObject([202, { status: "stopping", ocppStatus: "Accepted" }]);
      await transactionWith(charger, "MATE", "completed");
    });

    test("a reservation that expires or is cancelled frees the connector, where a remote start is claimed then", async ({
      expect,
    }) => {
      const [charger = { id: "none", identity: "none" }] = await provisioned(1, version);
      const first = await reserve(charger, 3000);
      await reservationWith(charger, first.id, "expired");
      if (!is16) await actionsAfter(charger, /"reservationUpdateStatus":"Expired"/);
      const second = await waitFor("the connector free", () => reserve(charger).catch(() => null));
      const cancelled = await call(stack, "DELETE", `${path(charger)}/${second.id}`);
      expect([cancelled.status, cancelled.body]).toMatchObject([200, { status: "cancelled" }]);
      await reservationWith(charger, second.id, "cancelled");

      const ask = async (end: string, body: object) => {
        const answer = await call(stack, "POST", `/api/v1/chargers/${charger.identity}${end}`, body);
        return [answer.status, answer.body];
      };
      const other = { connectorId: 1, idTag: "OTHER" };
      const order = { vendorId: "Busbar", messageId: "Rehearse", data: "Silence" };
      expect(await ask("/data-transfer", order)).toMatchObject([200, { status: "Accepted" }]);
      // Not answered: its row stays, because the station may still begin.
      expect(await ask("/remote-start?timeout=1", other)).toMatchObject([
        504,
        { error: { code: "TIMEOUT" } },
      ]);
      const { transactionId: silent } = await transactionWith(charger, "OTHER", "pending");
      expect(await ask("/remote-start", other)).toMatchObject([
        202,
        { status: "pending", ocppStatus: "Accepted" },
      ]);
      const running = await transactionWith(charger, "OTHER", "in_progress");
      expect(running).toMatchObject({ remoteStarted: true, transactionId: silent + 1 });
      await happen(charger, "unplug");
      expect(await transactionWith(charger, "OTHER", "completed")).toMatchObject({
        stopReason: "EVDisconnected",
      });
    });
  },
);

test("a transaction at a simulated station goes on without a connection and after kill -9 of the runtime, and is one row", async () => {
  const chargers = await Promise.all(
    ["OCPP1.6", "OCPP2.0.1", "OCPP2.1"].map(async (version) => (await provisioned(1, version))[0]),
  );
  const each = <T>(work: (charger: Charger) => Promise<T>) =>
    Promise.all(chargers.map((charger) => work(charger ?? { id: "none", identity: "none" })));
  await each((charger) => happen(charger, "start-session", { id_tag: "GOOD" }));
  const begun = await each((charger) => transactionWith(charger, "GOOD", "in_progress"));
  await stack.replacePart("worker");
  // Commands wait for a station that reconnects.
  await each((charger) => happen(charger, "power-update", { power_w: 7_000 }));
  // The line breaks for a second at least; meanwhile the car leaves.
  await each(async (charger) => {
    const path = `/api/v1/chargers/${charger.identity}`;
    await waitFor(`${charger.identity} back`, async () => {
      const order = { vendorId: "Busbar", messageId: "Rehearse", data: "Drop ClearCache" };
      return (await call(stack, "POST", `${path}/data-transfer`, order)).status === 200;
    });
    const dropped = await call(stack, "POST", `${path}/cache/clear`);
    expect(dropped.body).toMatchObject({ error: { code: "CONNECTION_LOST", sent: true } });
    await happen(charger, "stop-session");
  });
  const ended = await each((charger) => transactionWith(charger, "GOOD", "completed"));
  expect(ended.map(({ transactionId, stopReason }) => [transactionId, stopReason])).toEqual(
    begun.map(({ transactionId }) => [transactionId, "Local"]),
  );
  expect((await each(transactionsOf)).map((rows) => rows.length)).toEqual([1, 1, 1]);
});
