import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import type { StoredTransaction } from "../../ports.ts";
import { chargeBoxId, timestamp } from "./fields.ts";
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

function transactionBody(row: StoredTransaction): z.infer<typeof transaction> {
  const meterWh = row.meterStopWh ?? row.lastMeterWh;
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
    energyDelivered:
      meterWh === null || row.meterStartWh === null ? null : (meterWh - row.meterStartWh) / 1000,
    durationMinutes: Math.floor(durationMs / 60_000),
    startTime: row.startedAt.toISOString(),
    stopTime: row.stoppedAt?.toISOString() ?? null,
    stopReason: row.stopReason,
    remoteStarted: row.remoteStarted,
  };
}
