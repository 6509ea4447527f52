import type { DatabaseRows } from "./database-rows.ts";
import type { Evidence, Rule } from "./evidence.ts";
import { groupBy } from "./group-by.ts";
import type { RequestedReservation } from "./ledger.ts";
import type { StationReservation } from "./station-desk.ts";

type Row = DatabaseRows["reservations"][number];

/** After this an unanswered reservation counts as carried out, and the time that its row takes then. */
const UNANSWERED_MS = 150_000 + 30_000;
/** Time that an end by the clock takes. */
const EXPIRY_MS = 10_000;

/** I14: every reservation has one row at most, whose state agrees with the station. */
export const reservationsAreTrue: Rule = (evidence) => {
  const { ledger, database, desks } = evidence;
  const living = new Set(database.chargers.flatMap((row) => (row.deleted_at ? [] : [row.id])));
  const rows = groupBy(database.reservations, ({ id_tag }) => id_tag);
  return ledger.reservations.flatMap((asked) => {
    const charger = ledger.chargers.get(asked.chargerId);
    if (!living.has(asked.chargerId) || charger?.removal !== null) return [];
    const own = rows.get(asked.tag) ?? [];
    const held = desks.get(asked.identity)?.reservations.filter(({ idTag }) => idTag === asked.tag) ?? [];
    const found = [...answerProblems(asked, own, held), ...stateProblems(evidence, asked, own[0], held[0])];
    return found.map((what) => `${asked.identity}, reservation ${asked.tag}: ${what}`);
  });
};

function answerProblems(
  { verdict, id }: RequestedReservation,
  rows: readonly Row[],
  held: readonly StationReservation[],
): string[] {
  const found: string[] = [];
  if (rows.length > 1) found.push(`it has ${rows.length} rows`);
  if (held.length > 1) found.push(`it reached the station ${held.length} times`);
  if (verdict === "accepted" && rows[0]?.id !== id)
    found.push(`it was answered as ${id} and stored as ${rows[0]?.id ?? "nothing"}`);
  if (verdict === "accepted" && held.length === 0) found.push(`it was accepted and never arrived`);
  if ((verdict === "refused" || verdict === "unsent") && rows.length > 0)
    found.push(`it was ${verdict} and is stored as ${rows[0]?.status}`);
  if (verdict === "unsent" && held.length > 0) found.push(`it was reported as never sent and arrived`);
  return found;
}

function stateProblems(
  { nowMs, database, stations }: Evidence,
  asked: RequestedReservation,
  row: Row | undefined,
  held: StationReservation | undefined,
): string[] {
  if (!held) return row && row.status === "used" ? [`it is used and the station never had it`] : [];
  if (!row) {
    const isDue = nowMs > held.askedAtMs + UNANSWERED_MS || nowMs > held.expiresAtMs + EXPIRY_MS;
    const isOwed = held.state === "used" || (held.state !== "refused" && isDue);
    return isOwed && asked.verdict !== "unsent" ? [`it is ${held.state} at the station and has no row`] : [];
  }
  const isAllowed = allowed(asked, held, nowMs).includes(row.status);
  const found = isAllowed ? [] : [`it is ${held.state} at the station and stored as ${row.status}`];
  if (held.state === "used" && row.status === "used") {
    const station = stations.find(({ door }) => door.identity === asked.identity);
    const charge = station?.charges.find(({ localId }) => localId === held.usedBy);
    const used = database.transactions.find(
      (one) => one.charger_id === row.charger_id && one.transaction_id === row.transaction_id,
    );
    const isSame =
      used?.ocpp_transaction_id === held.usedBy ||
      charge?.transactionIds.includes(row.transaction_id ?? -1) === true;
    if (!isSame) found.push(`another transaction than the station's used it: ${row.transaction_id}`);
  }
  return found;
}

/** States that a row may have while the station has one of its own. What was not told may show late or never. */
function allowed({ cancels }: RequestedReservation, held: StationReservation, nowMs: number): string[] {
  const byClock = nowMs < held.expiresAtMs ? "active" : "expired";
  const wasAsked = cancels.length > 0;
  switch (held.state) {
    case "held":
      return [byClock];
    case "used":
      return ["used"];
    case "refused":
      return [byClock, "expired"];
    case "cancelled":
      if (cancels.includes("cancelled")) return ["cancelled"];
      // Asked again, the station does not know it.
      return ["cancelled", byClock, "expired", ...(cancels.length > 1 ? ["removed"] : [])];
    case "expired":
      return ["expired", ...(wasAsked ? ["removed"] : [])];
    case "removed":
      return held.isEndTold || cancels.includes("removed") ? ["removed"] : ["removed", byClock, "expired"];
  }
}
