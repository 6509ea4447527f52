import type { DatabaseRows } from "./database-rows.ts";
import type { Rule } from "./evidence.ts";
import { hasBegun } from "./audit-starts.ts";
import { groupBy } from "./group-by.ts";
import type { StationLog } from "./ledger.ts";

/** Longer than any command of the driver and its answer may take. */
const COMMAND_MAX_MS = 45_000;

/** I5: every command has one true outcome, and its CALL reaches one station at most once. */
export const commandsEndOnce: Rule = ({ ledger, stations }) => {
  const takers = new Map<string, string[]>();
  for (const { calls, door } of stations)
    for (const { action, payload } of calls)
      if (action === "DataTransfer") {
        const marker = String(payload["data"]);
        takers.set(marker, [...(takers.get(marker) ?? []), door.identity]);
      }
  return ledger.commands.flatMap(({ identity, marker, status, sent, answer, tookMs }) => {
    const found = tookMs > COMMAND_MAX_MS ? [`a command to ${identity} took ${tookMs} ms (${status})`] : [];
    if (marker === "") return found;
    const reached = takers.get(marker) ?? [];
    const said = `command ${marker} to ${identity} (${status})`;
    if (reached.some((taker) => taker !== identity)) found.push(`${said} reached ${reached.join(", ")}`);
    if (reached.length > 1) found.push(`${said} was sent ${reached.length} times`);
    if (sent === false && reached.length > 0) found.push(`${said} was reported as never sent and arrived`);
    if (status === 200 && answer !== `${identity} ${marker}`)
      found.push(`${said} got the answer "${answer}"`);
    if (status === 200 && reached.length === 0) found.push(`${said} was answered by no station`);
    return found;
  });
};

/** Login: a station with the right key is accepted as long as its charger exists. */
export const rightKeysOpen: Rule = ({ stations, database }) => {
  const living = new Set(database.chargers.flatMap((row) => (row.deleted_at ? [] : [row.identity])));
  return stations.flatMap(({ door, refused, isGone }) => {
    if (!living.has(door.identity)) return [];
    const found = Object.entries(refused).filter(([status]) => /^(400|401|403|404)$/.test(status));
    const turned = found.map(([status, n]) => `${door.identity} was turned away with ${status}, ${n} times`);
    return isGone && turned.length === 0
      ? [`${door.identity} was told that it is gone, and it is not`]
      : turned;
  });
};

/** I7: at most one CALL is open in a direction. */
export const oneCallAtATime: Rule = ({ stations }) =>
  stations.flatMap(({ door, overlaps }) =>
    overlaps.map(
      ({ earlier, later, earlierAgeMs }) =>
        `${door.identity} got ${later} ${earlierAgeMs} ms after ${earlier}, which it had not answered`,
    ),
  );

/** What was confirmed to a station is in Postgres, once, with its numbers. */
export const confirmedIsKept: Rule = ({ stations, database, ledger }) => {
  const ids = new Map([...ledger.chargers.values()].map(({ identity, id }) => [identity, id]));
  const rows = new Map(database.chargers.map((row) => [row.id, row]));
  const transactions = groupBy(database.transactions, ({ charger_id }) => charger_id);
  const readings = groupBy(database.readings, ({ charger_id }) => charger_id);
  const conflicts = database.conflicts.map(
    ({ charger_id, transaction_id }) =>
      `transaction ${transaction_id} of ${charger_id} met another of its number`,
  );
  const kept = stations.flatMap((station) => {
    const id = ids.get(station.door.identity) ?? "";
    if (rows.get(id)?.deleted_at !== null) return [];
    return stationProblems(station, transactions.get(id) ?? [], readings.get(id) ?? []);
  });
  return [...conflicts, ...kept];
};

function stationProblems(
  { door, version, charges }: StationLog,
  rows: DatabaseRows["transactions"],
  readings: DatabaseRows["readings"],
): string[] {
  const found: string[] = [];
  const counts = new Map(readings.map(({ energy_wh, n }) => [energy_wh, n]));
  const told = charges.filter(({ isStartAnswered }) => isStartAnswered);
  const begun = rows.filter(hasBegun);
  if (begun.length > charges.length)
    found.push(`${door.identity} has ${begun.length} transactions and began ${charges.length}`);
  for (const charge of told) {
    const { localId, transactionIds, meterStartWh, stop } = charge;
    const name = `${door.identity}: transaction ${transactionIds.join("/") || localId}`;
    if (version === "ocpp1.6" && transactionIds.length !== 1)
      found.push(`${name} has ${transactionIds.length} numbers`);
    const own = rows.filter((row) =>
      version === "ocpp1.6"
        ? transactionIds.includes(row.transaction_id)
        : row.ocpp_transaction_id === localId,
    );
    const [row] = own;
    if (!row || own.length > 1) {
      found.push(`${name} is stored ${own.length} times`);
      continue;
    }
    if (row.meter_start_wh !== meterStartWh)
      found.push(`${name} began at ${meterStartWh} and is stored with ${row.meter_start_wh}`);
    if (stop?.isAnswered && (row.status !== "completed" || row.meter_stop_wh !== stop.energyWh))
      found.push(`${name} ended at ${stop.energyWh} and is stored as ${row.status}, ${row.meter_stop_wh}`);
    if (stop?.isAnswered && row.stop_reason !== stop.reason)
      found.push(`${name} ended as ${stop.reason} and is stored as ${row.stop_reason}`);
    for (const { energyWh, isAnswered } of charge.readings) {
      const n = counts.get(energyWh) ?? 0;
      if (isAnswered && n !== 1) found.push(`${name}: the reading ${energyWh} is stored ${n} times`);
    }
  }
  return found;
}

/** For want of a transaction number; the station repeats it, and what it began is looked for as any other. */
const OWED = /^(StartTransaction|TransactionEvent) InternalError$/;

/** No driver is refused because of a fault of Busbar: the organisations accept every tag. */
export const nobodyIsRefused: Rule = ({ stations }) =>
  stations.flatMap(({ door, charges, errors }) => [
    ...charges.flatMap(({ verdicts }) =>
      verdicts
        .filter((verdict) => verdict !== "Accepted")
        .map((verdict) => `${door.identity}: a start was answered ${verdict}`),
    ),
    ...errors.filter((error) => !OWED.test(error)).map((error) => `${door.identity}: ${error}`),
  ]);
