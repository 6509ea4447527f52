import type { DatabaseRows } from "./database-rows.ts";
import type { Evidence, Rule } from "./evidence.ts";
import { groupBy } from "./group-by.ts";
import type { RequestedStart, StationLog } from "./ledger.ts";

type Row = DatabaseRows["transactions"][number];

/** How long a remote start may wait for its transaction, and the time that its end takes. */
const PENDING_MAX_MS = 10 * 60_000 + 90_000;
const START_ACTIONS = new Set(["RemoteStartTransaction", "RequestStartTransaction"]);

export const hasBegun = ({ status }: Row) => status === "in_progress" || status === "completed";

function tagOf(payload: Record<string, unknown>): unknown {
  const token = payload["idToken"] as { idToken?: string } | undefined;
  return token?.idToken ?? payload["idTag"];
}

/** I13: every start has one row at most; it is begun, expired, or waits; every transaction of a station has its own. */
export const startsAreOnce: Rule = (evidence) => {
  const { ledger, database, stations, nowMs } = evidence;
  const rows = groupBy(database.transactions, ({ charger_id }) => charger_id);
  const byIdentity = new Map(stations.map((station) => [station.door.identity, station]));
  const living = livingIds(evidence);
  return [...groupBy(ledger.starts, ({ identity, tag }) => `${identity} ${tag}`).values()].flatMap(
    (requests) => {
      const [first] = requests;
      if (!first || !living.has(first.chargerId)) return [];
      const own = (rows.get(first.chargerId) ?? []).filter(({ id_tag }) => id_tag === first.tag);
      const station = byIdentity.get(first.identity);
      const found = [...requestProblems(requests, own, station), ...openProblems(own, nowMs)];
      if (station) found.push(...stationProblems(first.tag, { requests, own, station }));
      return found.map((what) => `${first.identity}, tag ${first.tag}: ${what}`);
    },
  );
};

const livingIds = ({ database }: Evidence) =>
  new Set(database.chargers.flatMap((row) => (row.deleted_at ? [] : [row.id])));

/** Starts by a card, which need no request. */
function cardStarts(station: StationLog | undefined, tag: string) {
  return station?.charges.filter((charge) => charge.idTag === tag && !charge.remote) ?? [];
}

function requestProblems(
  requests: readonly RequestedStart[],
  rows: readonly Row[],
  station: StationLog | undefined,
): string[] {
  const found: string[] = [];
  const cards = cardStarts(station, requests[0]?.tag ?? "").length;
  const accepted = requests.filter(({ verdict }) => verdict === "accepted");
  if (rows.length > requests.length + cards)
    found.push(`${requests.length} starts and ${cards} cards have ${rows.length} rows`);
  if (rows.length < accepted.length)
    found.push(`${accepted.length} starts were accepted and have ${rows.length} rows`);
  for (const { transactionId } of accepted)
    if (transactionId !== null && !rows.some((row) => row.transaction_id === transactionId))
      found.push(`a start was promised the number ${transactionId}, which has no row`);
  const isRefused = requests.every(({ verdict }) => verdict === "refused" || verdict === "unsent");
  const open = rows.filter(({ status }) => status !== "expired").length;
  if (isRefused && open > cards) found.push(`a refused start has a row that is not expired`);
  return found;
}

function openProblems(rows: readonly Row[], nowMs: number): string[] {
  return rows
    .filter(({ status, started_at }) => status === "pending" && nowMs - started_at.getTime() > PENDING_MAX_MS)
    .map(({ transaction_id }) => `transaction ${transaction_id} is still pending`);
}

function stationProblems(
  tag: string,
  about: { requests: readonly RequestedStart[]; own: readonly Row[]; station: StationLog },
): string[] {
  const { requests, own, station } = about;
  const found: string[] = [];
  const calls = station.calls.filter(
    ({ action, payload }) => START_ACTIONS.has(action) && tagOf(payload) === tag,
  );
  const charges = station.charges.filter(({ idTag }) => idTag === tag);
  const begun = own.filter(hasBegun);
  if (calls.length > requests.length)
    found.push(`${requests.length} starts reached the station ${calls.length} times`);
  if (requests.every(({ verdict }) => verdict === "unsent") && calls.length > 0)
    found.push(`a start was reported as never sent and arrived`);
  if (own.length < calls.length)
    found.push(`${calls.length} starts reached the station and have ${own.length} rows`);
  if (begun.length !== charges.length)
    found.push(`the station began ${charges.length} transactions, and ${begun.length} rows have begun`);
  const remote = charges.filter((charge) => charge.remote).length;
  const marked = begun.filter((row) => row.remote_started).length;
  if (marked < remote) found.push(`${remote} transactions began remotely and ${marked} are known as that`);
  return found;
}

/** I13: an accepted stop has ended its transaction, with the reason that the station told; none is sent twice. */
export const stopsEnd: Rule = (evidence) => {
  const { ledger, database, stations } = evidence;
  const byIdentity = new Map(stations.map((station) => [station.door.identity, station]));
  const rows = new Map(database.transactions.map((row) => [`${row.charger_id} ${row.transaction_id}`, row]));
  const living = livingIds(evidence);
  const stops = groupBy(ledger.stops, ({ chargerId, transactionId }) => `${chargerId} ${transactionId}`);
  return [...stops].flatMap(([key, requests]) => {
    const [first] = requests;
    if (!first || !living.has(first.chargerId)) return [];
    const name = `${first.identity}: transaction ${first.transactionId}`;
    const row = rows.get(key);
    if (!row) return [`${name} was stopped and is not there`];
    const found: string[] = [];
    const accepted = requests.filter(({ verdict }) => verdict === "accepted").length;
    if (accepted > 0 && (row.status !== "completed" || row.stop_reason !== "Remote"))
      found.push(`${name} was stopped remotely and is ${row.status}, ${row.stop_reason}`);
    const station = byIdentity.get(first.identity);
    const calls = station ? stopCalls(station, row) : 0;
    if (calls > requests.length) found.push(`${name} was sent ${calls} stops for ${requests.length}`);
    if (station && accepted > calls) found.push(`${name} had a stop accepted that never arrived`);
    return found;
  });
};

function stopCalls({ calls }: StationLog, { transaction_id, ocpp_transaction_id }: Row): number {
  return calls.filter(
    ({ action, payload }) =>
      (action === "RemoteStopTransaction" && payload["transactionId"] === transaction_id) ||
      (action === "RequestStopTransaction" && payload["transactionId"] === ocpp_transaction_id),
  ).length;
}

/** I13: the transactions and the energy of a station are counted once. */
export const totalsAreTrue: Rule = ({ stations, database, ledger }) => {
  const ids = new Map([...ledger.chargers.values()].map(({ identity, id }) => [identity, id]));
  const chargers = new Map(database.chargers.map((row) => [row.id, row]));
  const rows = groupBy(database.transactions.filter(hasBegun), ({ charger_id }) => charger_id);
  return stations.flatMap(({ door, charges }) => {
    const id = ids.get(door.identity) ?? "";
    if (chargers.get(id)?.deleted_at !== null) return [];
    const own = rows.get(id) ?? [];
    const told = sum(charges.map(({ stop, meterStartWh }) => (stop ? stop.energyWh - meterStartWh : 0)));
    const stored = sum(own.map((row) => (row.meter_stop_wh ?? 0) - (row.meter_start_wh ?? 0)));
    const stops = own.every(({ meter_stop_wh }) => meter_stop_wh !== null);
    const found: string[] = [];
    if (own.length !== charges.length)
      found.push(`${door.identity} began ${charges.length} transactions, and ${own.length} are stored`);
    if (stops && stored !== told)
      found.push(`${door.identity} delivered ${told} Wh, and ${stored} Wh are stored`);
    return found;
  });
};

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
