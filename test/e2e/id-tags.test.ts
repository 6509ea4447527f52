import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { OcppVersion } from "../../src/ocpp/version.ts";
import { tagShard } from "../../src/tag-shard.ts";
import { call } from "../harness/fleet.ts";
import { ForeignStation } from "../harness/ocpp-station/foreign-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
  await patchOrganization({ acceptUnknownIdTags: false, masterPassGroupId: "POLICE" });
  await call(stack, "POST", "/api/v1/chargers", { chargeBoxId: "ELSEWHERE" });
  await create({ idTag: "GOOD", groupId: "FLEET" });
  await create({ idTag: "MATE", groupId: "FLEET" });
  await create({ idTag: "OTHER", groupId: "RIVALS" });
  await create({ idTag: "POLICE-1", groupId: "POLICE", chargeBoxIds: ["ELSEWHERE"] });
  await create({ idTag: "EXPIRED", expiryDate: "2020-01-01T00:00:00.000Z" });
  await create({ idTag: "AWAY", chargeBoxIds: ["ELSEWHERE"] });
  await create({ idTag: "TYPED", type: "ISO15693" });
  const { id } = await create({ idTag: "BLOCKED" });
  expect((await call(stack, "PATCH", `/api/v1/id-tags/${id}`, { status: "blocked" })).status).toBe(200);
});
afterAll(() => stack.stop());

async function create(body: object): Promise<{ id: string }> {
  const answer = await call(stack, "POST", "/api/v1/id-tags", body);
  expect(answer.status).toBe(201);
  return z.object({ id: z.string() }).parse(answer.body);
}

async function patchOrganization(body: object): Promise<void> {
  expect((await call(stack, "PATCH", "/api/v1/organization", body)).status).toBe(200);
}

const info = z.object({
  status: z.string(),
  parentIdTag: z.string().optional(),
  groupIdToken: z.object({ idToken: z.string(), type: z.string() }).optional(),
});

/** Status and group of an answer. */
function judged(answer: Record<string, unknown>): [status: string, group: string | null] {
  const { status, parentIdTag, groupIdToken } = info.parse(answer["idTagInfo"] ?? answer["idTokenInfo"]);
  return [status, parentIdTag ?? groupIdToken?.idToken ?? null];
}

/** What each tag is answered, by the words of 1.6 and of 2.x. */
const VERDICTS: Array<[idTag: string, v16: string, v2x: string, group: string | null]> = [
  ["GOOD", "Accepted", "Accepted", "FLEET"],
  ["good", "Accepted", "Accepted", "FLEET"],
  ["OTHER", "Accepted", "Accepted", "RIVALS"],
  ["POLICE-1", "Accepted", "Accepted", "POLICE"],
  ["BLOCKED", "Blocked", "Blocked", null],
  ["EXPIRED", "Expired", "Expired", null],
  ["AWAY", "Invalid", "NotAtThisLocation", null],
  ["NOBODY", "Invalid", "Unknown", null],
];

const transactions = z.object({
  transactions: z.array(
    z.looseObject({
      transactionId: z.number(),
      ocppTransactionId: z.string().nullish(),
      status: z.string(),
      idTag: z.string(),
    }),
  ),
});

async function transactionsOf(identity: string) {
  const { body } = await call(stack, "GET", `/api/v1/transactions?chargeBoxId=${identity}`);
  return transactions.parse(body).transactions;
}

const now = () => new Date().toISOString();

test("an independent 1.6 station gets the status of every tag, and a transaction id for each of them", async () => {
  const station = await ForeignStation.booted(stack, "FOREIGN-16", "ocpp1.6");
  const ids = new Set<unknown>();
  for (const [index, [idTag, word, , group]] of VERDICTS.entries()) {
    expect([idTag, ...judged(await station.call("Authorize", { idTag }))]).toEqual([idTag, word, group]);
    const start = { connectorId: index + 1, idTag, meterStart: 0, timestamp: now() };
    const started = await station.call("StartTransaction", start);
    expect([idTag, ...judged(started)]).toEqual([idTag, word, group]);
    ids.add(started["transactionId"]);
  }
  expect(ids.size).toBe(VERDICTS.length);
  expect([...ids].every((id) => Number.isInteger(id))).toBe(true);
  // A mate of its group stops what GOOD started, and the master pass what OTHER started: each is named with its own group.
  for (const [transactionId, idTag, group] of [
    [[...ids][0], "MATE", "FLEET"],
    [[...ids][2], "POLICE-1", "POLICE"],
  ]) {
    const stopped = await station.call("StopTransaction", {
      transactionId,
      idTag,
      meterStop: 9,
      timestamp: now(),
    });
    expect(judged(stopped)).toEqual(["Accepted", group]);
    await waitFor(`the end by ${idTag}`, async () => {
      const { body } = await call(stack, "GET", `/api/v1/transactions/${transactionId}`);
      return z.object({ status: z.string() }).parse(body).status === "completed";
    });
  }
  expect(station.violations).toEqual([]);
  await station.close();
});

describe.each<OcppVersion>(["ocpp2.0.1", "ocpp2.1"])("an independent %s station", (version) => {
  const token = (idToken: string, type = "ISO14443") => ({ idToken, type });
  const event = (eventType: string, seqNo: number, fields: Record<string, unknown>) => ({
    eventType,
    timestamp: now(),
    triggerReason: eventType === "Ended" ? "StopAuthorized" : "Authorized",
    seqNo,
    evse: { id: 1, connectorId: 1 },
    ...fields,
  });

  test("gets the status of every token at an Authorize and in a transaction, and the group that may stop it", async () => {
    const station = await ForeignStation.booted(stack, `FOREIGN-${version}`, version);
    for (const [index, [idTag, , word, group]] of VERDICTS.entries()) {
      expect([idTag, ...judged(await station.call("Authorize", { idToken: token(idTag) }))]).toEqual([
        idTag,
        word,
        group,
      ]);
      const transactionInfo = { transactionId: `T-${index}` };
      const started = event("Started", 0, { idToken: token(idTag), transactionInfo });
      expect(judged(await station.call("TransactionEvent", started))).toEqual([word, group]);
    }
    for (const [transactionId, idTag, group] of [
      ["T-0", "MATE", "FLEET"],
      ["T-2", "POLICE-1", "POLICE"],
    ] as const) {
      const transactionInfo = { transactionId, stoppedReason: idTag === "MATE" ? "Local" : "MasterPass" };
      const ended = event("Ended", 1, { idToken: token(idTag), transactionInfo });
      expect(judged(await station.call("TransactionEvent", ended))).toEqual(["Accepted", group]);
      await waitFor(`the end by ${idTag}`, async () => {
        const rows = await transactionsOf(station.identity);
        return rows.some((row) => row.ocppTransactionId === transactionId && row.status === "completed");
      });
    }
    expect(station.violations).toEqual([]);
    await station.close();
  });

  test("has the types of tokens compared where a tag was stored with one", async () => {
    const station = await ForeignStation.booted(stack, `TYPES-${version}`, version);
    const status = async (type: string) =>
      judged(await station.call("Authorize", { idToken: token("TYPED", type) }))[0];
    expect([await status("ISO15693"), await status("ISO14443"), await status("KeyCode")]).toEqual([
      "Accepted",
      "Unknown",
      "Unknown",
    ]);
    const none = await station.call("Authorize", { idToken: { idToken: "", type: "NoAuthorization" } });
    expect(judged(none)).toEqual(["Accepted", null]);
    await station.close();
  });
});

test("a change whose request ended before the registry was called reaches it with the next pass of the sweeper", async () => {
  const sql = openSql(stack.address("sql"));
  const key = "left-over";
  await sql(
    `WITH t AS (
      INSERT INTO id_tags (id, organization_id, id_tag, key, shard, status, created_at, updated_at)
      VALUES ('tag_01JKB2M3N4P5Q6R7S8T9V0W1X2', $1::uuid, 'LEFT-OVER', $2, $3::int, 'active', now(), now()) RETURNING 1
    ), s AS (UPDATE id_tag_sets SET version = version + 1 WHERE organization_id = $1::uuid)
    INSERT INTO id_tag_effects (batch_id, seq, organization_id, shard, key, published_at)
    SELECT gen_random_uuid(), 0, $1::uuid, $3::int, $2, now() - interval '2 minutes' FROM t`,
    [stack.organization, key, tagShard(key)],
  );
  // A pass of the minute would make this one do nothing.
  await sql("DELETE FROM task_locks", []);
  await stack.fireScheduled();
  await waitFor("the effect to be carried out", async () => {
    const rows = await sql("SELECT 1 FROM id_tag_effects WHERE key = $1", [key]);
    return rows.length === 0;
  });
  const station = await ForeignStation.booted(stack, "AFTER-SWEEP", "ocpp1.6");
  expect(judged(await station.call("Authorize", { idTag: "LEFT-OVER" }))).toEqual(["Accepted", null]);
  await station.close();
});

test("tags are judged after the runtime and the database were killed, and while the database is away", async () => {
  await stack.replacePart("worker");
  const station = await ForeignStation.booted(stack, "AFTER-DEATH", "ocpp1.6");
  await stack.killPart("sql");
  expect(judged(await station.call("Authorize", { idTag: "GOOD" }))).toEqual(["Accepted", "FLEET"]);
  expect(judged(await station.call("Authorize", { idTag: "BLOCKED" }))).toEqual(["Blocked", null]);
  await station.close();
});
