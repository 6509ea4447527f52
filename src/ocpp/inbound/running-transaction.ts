import type { HandlerContext } from "../handler.ts";
import type { TransactionRecord } from "../station-state.ts";

/**
 * The transaction that meter values belong to which name none: the one that runs on their connector, if it had begun when they
 * were taken. Those of the main meter (0) belong to none.
 */
export function runningTransaction(
  { station }: HandlerContext,
  { evseId, at }: { evseId: number; at: string },
): TransactionRecord | null {
  const open = evseId > 0 ? station.transactions.openOn(evseId) : null;
  return open !== null && open.startedAt <= at ? open : null;
}
