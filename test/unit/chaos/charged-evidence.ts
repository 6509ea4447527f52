import type { StationReservation, TakenList } from "../../chaos/station-desk.ts";
import { healthyEvidence, type Mutable } from "./healthy-evidence.ts";

const NOW_MS = Date.parse("2026-01-01T12:00:00Z");
const call = (action: string, payload: Record<string, unknown>) => ({
  id: action,
  action,
  payload,
  connection: 1,
  atMs: NOW_MS,
  answeredAtMs: NOW_MS,
});

const list = (version: number, update: string): TakenList => ({
  version,
  update,
  call: call("SendLocalList", { listVersion: version }),
  status: "Accepted",
  isShorter: false,
});

const reservation = (tag: string, state: StationReservation["state"]): StationReservation => ({
  id: 1,
  idTag: tag,
  connectorId: 1,
  expiresAtMs: NOW_MS + 60_000,
  askedAtMs: NOW_MS - 1000,
  state,
  usedBy: state === "used" ? "b" : null,
  isEndTold: false,
});

/**
 * Healthy evidence with a transaction that was started and stopped remotely and used a reservation, a second reservation that was
 * cancelled, a start that nobody claimed, a managed list, and a simulated charger that obeyed.
 */
export function chargedEvidence(): Mutable {
  const evidence = healthyEvidence();
  const { ledger, database, stations, desks, simulated } = evidence;
  evidence.nowMs = NOW_MS;
  const about = { identity: "S1", chargerId: "station" };
  ledger.starts.push(
    { ...about, tag: "R1", verdict: "accepted", transactionId: 8, status: 202 },
    { ...about, tag: "R2", verdict: "refused", transactionId: null, status: 200 },
  );
  ledger.stops.push({ ...about, transactionId: 8, verdict: "accepted" });
  ledger.reservations.push(
    { ...about, tag: "R1", id: "rsv_1", verdict: "accepted", cancels: [] },
    { ...about, tag: "V2", id: "rsv_2", verdict: "accepted", cancels: ["cancelled"] },
  );
  ledger.troubles.push({ fromMs: NOW_MS - 60_000, untilMs: NOW_MS - 30_000 });
  ledger.changes.push(
    { subject: "listMode", id: "station", value: "managed", verdict: "stored" },
    { subject: "simulated car", id: "simulated", value: "in", verdict: "stored" },
    { subject: "simulated fault", id: "simulated", value: "F1", verdict: "stored" },
    { subject: "simulated list", id: "simulated", value: "4", verdict: "stored" },
  );
  Object.assign(ledger.chargers.get("station") ?? {}, { station: { isConnected: true } });
  const [first] = database.transactions;
  if (!first) throw new Error("no transaction to copy");
  const row = { ...first, remote_started: true, started_at: new Date(NOW_MS - 1000) };
  database.transactions.push(
    { ...row, transaction_id: 8, id: "txn_8", id_tag: "R1", meter_start_wh: 300, meter_stop_wh: 400 },
    { ...row, transaction_id: 9, id: "txn_9", id_tag: "R2", status: "expired", meter_stop_wh: null },
  );
  Object.assign(database.transactions[1] ?? {}, { stop_reason: "Remote" });
  const reserved = { organization_id: first.organization_id, charger_id: "station" };
  const expires_at = new Date(NOW_MS + 60_000);
  database.reservations.push(
    { ...reserved, id: "rsv_1", id_tag: "R1", status: "used", transaction_id: 8, expires_at },
    { ...reserved, id: "rsv_2", id_tag: "V2", status: "cancelled", transaction_id: null, expires_at },
  );
  database.localLists.push({
    charger_id: "station",
    organization_id: first.organization_id,
    mode: "managed",
    version: 2,
    list_version: 2,
    outcome: "applied",
  });
  const [station] = stations;
  const [charge] = station?.charges ?? [];
  if (!station || !charge) throw new Error("no station to add to");
  station.charges.push({
    ...charge,
    localId: "b",
    idTag: "R1",
    remote: { remoteStartId: null },
    transactionIds: [8],
    meterStartWh: 300,
    readings: [],
    stop: { energyWh: 400, at: "", reason: "Remote", isAnswered: true },
  });
  station.calls.push(
    call("RemoteStartTransaction", { connectorId: 1, idTag: "R1" }),
    call("RemoteStartTransaction", { connectorId: 1, idTag: "R2" }),
    call("RemoteStopTransaction", { transactionId: 8 }),
  );
  desks.set("S1", {
    reservations: [reservation("R1", "used"), reservation("V2", "cancelled")],
    lists: [list(1, "Full"), list(2, "Differential")],
    list: new Map([["t1", "Blocked"]]),
    listVersion: 2,
  });
  simulated.push({
    chargerId: "simulated",
    cars: ["1"],
    faults: { 1: "F1" },
    listVersion: 4,
    list: new Map(),
  });
  return evidence;
}
