import type { HandlerContext } from "../handler.ts";
import type { TransactionRecord } from "../station-state.ts";

/** Transaction id of a station that did not receive our StartTransaction answer (1.6 errata 3.18). */
export const UNCONFIRMED_ID = -1;
/** The same as `claimedId`. */
export const UNCONFIRMED_CLAIM = String(UNCONFIRMED_ID);

/**
 * The open transaction whose id the station has not used yet, on this connector if one is given; null: none, or
 * several.
 */
export function openUnconfirmed(ctx: HandlerContext, evseId: number | null): TransactionRecord | null {
  const open = ctx.station.transactions
    .open()
    .filter((record) => record.ocppTransactionId === null && !record.isConfirmed)
    .filter((record) => evseId === null || record.evseId === evseId);
  return open.length === 1 ? (open[0] ?? null) : null;
}
