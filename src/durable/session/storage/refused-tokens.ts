import type { TransactionLookup } from "../../../ocpp/station-state.ts";

/** A token whose certificate was refused. */
export interface RefusedToken {
  /** In lower case: tokens are compared so. */
  readonly token: string;
  readonly atMs: number;
}

const KEPT_MAX = 16;
/** By then a session of charging has begun with the token, or nobody waits for it any more. */
const BEGINS_WITHIN_MS = 15 * 60 * 1000;

const NONE: ReadonlySet<string> = new Set();

export function withRefused(known: readonly RefusedToken[], token: string, atMs: number): RefusedToken[] {
  const name = token.toLowerCase();
  return [...known.filter((one) => one.token !== name), { token: name, atMs }].slice(-KEPT_MAX);
}

/** Those that stay refused: for a while, and as long as the transaction runs that began with one. */
export function standingRefusals(
  known: readonly RefusedToken[],
  transactions: Pick<TransactionLookup, "open">,
  nowMs: number,
): ReadonlySet<string> {
  if (known.length === 0) return NONE;
  const isFresh = ({ atMs }: RefusedToken) => nowMs - atMs < BEGINS_WITHIN_MS;
  const open = known.every(isFresh) ? [] : transactions.open();
  const carries = ({ token, atMs }: RefusedToken) =>
    open.some(
      ({ idTag, startedAt }) =>
        idTag?.toLowerCase() === token && Date.parse(startedAt) < atMs + BEGINS_WITHIN_MS,
    );
  return new Set(known.filter((one) => isFresh(one) || carries(one)).map(({ token }) => token));
}
