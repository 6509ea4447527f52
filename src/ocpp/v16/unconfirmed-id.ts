import type { HandlerContext } from "../handler.ts";
import type { TransactionRecord } from "../station-state.ts";

/** A station that never got our StartTransaction answer counts its transaction as this one (1.6 errata 3.18). */
export const UNCONFIRMED_ID = -1;
/** The same as an id that a message claims. */
export const UNCONFIRMED_CLAIM = String(UNCONFIRMED_ID);

/** The one open transaction whose id the station has not used yet, on this connector if it names one; else null. */
export function openUnconfirmed(ctx: HandlerContext, evseId: number | null): TransactionRecord | null {
  const open = ctx.station.transactions
    .open()
    .filter((record) => record.ocppTransactionId === null && !record.isConfirmed)
    .filter((record) => evseId === null || record.evseId === evseId);
  return open.length === 1 ? (open[0] ?? null) : null;
}
