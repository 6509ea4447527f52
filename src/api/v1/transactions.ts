import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { deliveredWh } from "../../ocpp/meter-continuity.ts";
import type { StoredTransaction, TransactionPlace } from "../../ports.ts";
import { chargeBoxId, page, pagination, text, timestamp } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const transaction = z
  .object({
    id: z.string().openapi({ example: "txn_01JKB2M3N4P5Q6R7S8T9V0W1X2" }),
    transactionId: z.int(),
    ocppTransactionId: z.string().optional().openapi({ description: "The station's own id; OCPP 2.x only" }),
    chargeBoxId,
    connectorId: z.int(),
    idTag: z.string().nullable(),
    status: z.enum(["pending", "in_progress", "completed", "expired"]),
    meterStart: z.int().nullable().openapi({ description: "Wh" }),
    meterStop: z.int().nullable().openapi({ description: "Wh; null while in progress" }),
    energyDelivered: z.number().nullable().openapi({
      description: "kWh; while in progress up to the last meter value",
    }),
    durationMinutes: z.int().openapi({
      description: "Whole minutes; while in progress up to the last message about the transaction",
    }),
    startTime: timestamp,
    stopTime: timestamp.nullable(),
    stopReason: z.string().nullable(),
    remoteStarted: z.boolean(),
  })
  .openapi("CommandApiTransaction");

export const transactionPath = z.object({
  transactionId: z.string().openapi({ description: "The number, or the `txn_` id" }),
});

export const getTransaction = defineOperation({
  method: "get",
  path: "/transactions/{transactionId}",
  operationId: "getTransaction",
  summary: "Show a transaction, by its number or its `txn_` id",
  tag: "Transactions",
  role: "viewer",
  params: transactionPath,
  success: { status: 200, description: "The transaction", schema: transaction },
  refusals: [404],
  handle: async ({ ports, organization, path: { transactionId } }) => {
    const found = await ports.history.transaction(organization.id, transactionId);
    if (!found) throw new NotFound("Transaction", transactionId);
    return transactionBody(found);
  },
});

/** The end of the year 9999, in ms: beyond it Postgres reads no time that was written by JavaScript. */
const YEARS_END_MS = 253_402_300_799_999;
const CURSOR = /^([0-9a-z]{1,9})\.([0-9a-z]{1,6})$/;
const ID_MAX = 2 ** 31 - 1;
/** Longest token of OCPP 2.1. */
const ID_TAG_MAX = 255;

/** A place in the list as clients carry it: start time in ms and number, in base 36. */
function cursorOf({ startedAt, transactionId }: TransactionPlace): string {
  return `${startedAt.getTime().toString(36)}.${transactionId.toString(36)}`;
}

function placeOf(cursor: string): TransactionPlace | null {
  const [, time = "", number = ""] = CURSOR.exec(cursor) ?? [];
  const [startedAtMs, transactionId] = [Number.parseInt(time, 36), Number.parseInt(number, 36)];
  const isPlace = startedAtMs <= YEARS_END_MS && transactionId <= ID_MAX;
  return isPlace ? { startedAt: new Date(startedAtMs), transactionId } : null;
}

const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(Math.min(Math.max(Date.parse(text), 0), YEARS_END_MS)));

const listQuery = z.object({
  ...page,
  chargeBoxId: chargeBoxId.optional(),
  status: z
    .enum(["pending", "in_progress", "completed", "expired", "active"])
    .optional()
    .openapi({ description: "`active` is an older name of `in_progress`" }),
  idTag: text(1, ID_TAG_MAX).optional(),
  from: time.optional().openapi({ type: "string", format: "date-time", description: "Earliest start" }),
  to: time.optional().openapi({ type: "string", format: "date-time", description: "Starts before this" }),
  after: z
    .string()
    .transform(placeOf)
    .refine((place) => place !== null, "must be `next` of the page before")
    .optional()
    .openapi({
      type: "string",
      description: "`next` of the page before. `offset` is ignored then, and nothing is counted",
    }),
});

export const listTransactions = defineOperation({
  method: "get",
  path: "/transactions",
  operationId: "listTransactions",
  summary: "List transactions, newest first, by offset or by cursor",
  tag: "Transactions",
  role: "viewer",
  query: listQuery,
  success: {
    status: 200,
    description: "One page of transactions",
    schema: z.object({
      transactions: z.array(transaction),
      pagination: pagination.optional().openapi({ description: "Absent with `after`" }),
      next: z.string().nullable().openapi({ description: "For `after`; null on the last page" }),
    }),
  },
  handle: async ({ ports, organization, query }) => {
    const { limit, offset, after, status, from = null, to = null } = query;
    const { chargeBoxId: identity = null, idTag = null } = query;
    const filter = {
      identity,
      idTag,
      from,
      to,
      status: status === "active" ? "in_progress" : (status ?? null),
    } as const;
    if (after) {
      const found = await ports.history.transactionsAfter(organization.id, filter, {
        after,
        limit: limit + 1,
      });
      const rows = found.slice(0, limit);
      return { transactions: rows.map(transactionBody), next: nextOf(rows, found.length > limit) };
    }
    const { rows, total } = await ports.history.transactions(organization.id, filter, { limit, offset });
    const next = nextOf(rows, offset + rows.length < total);
    return { transactions: rows.map(transactionBody), pagination: { total, limit, offset }, next };
  },
});

function nextOf(rows: readonly StoredTransaction[], hasMore: boolean): string | null {
  const last = rows.at(-1);
  return last && hasMore ? cursorOf(last) : null;
}

function transactionBody(row: StoredTransaction): z.infer<typeof transaction> {
  const meterWh = row.meterStopWh ?? row.lastMeterWh;
  const energyWh = deliveredWh({ meterStartWh: row.meterStartWh, meterWh, offsetWh: row.meterOffsetWh });
  const endedAt = row.stoppedAt ?? row.updatedAt;
  const durationMs = Math.max(0, endedAt.getTime() - row.startedAt.getTime());
  return {
    id: row.id,
    transactionId: row.transactionId,
    ...(row.ocppTransactionId === null ? {} : { ocppTransactionId: row.ocppTransactionId }),
    chargeBoxId: row.identity,
    connectorId: row.evseId,
    idTag: row.idTag,
    status: row.status,
    meterStart: row.meterStartWh,
    meterStop: row.meterStopWh,
    energyDelivered: energyWh === null ? null : energyWh / 1000,
    durationMinutes: Math.floor(durationMs / 60_000),
    startTime: row.startedAt.toISOString(),
    stopTime: row.stoppedAt?.toISOString() ?? null,
    stopReason: row.stopReason,
    remoteStarted: row.remoteStarted,
  };
}
