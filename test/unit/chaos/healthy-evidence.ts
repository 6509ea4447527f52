import type { DatabaseRows } from "../../chaos/database-rows.ts";
import type { Evidence } from "../../chaos/evidence.ts";
import { Ledger, type StationLog } from "../../chaos/ledger.ts";

export const ORGANIZATIONS = ["organization-0", "organization-1"] as const;
const [ours] = ORGANIZATIONS;

function databaseRows(): DatabaseRows {
  const charger = {
    organization_id: ours,
    name: null,
    location_id: "location",
    runtime: "simulated",
    job_id: "job",
    status: "READY",
    error: null,
    revision: 3,
    deleted_at: null,
  };
  return {
    chargers: [
      { ...charger, id: "simulated", identity: "B1-1", name: "N1" },
      { ...charger, id: "failed", identity: "B1-2", status: "FAILED", error: { code: "CANCELLED" } },
      {
        ...charger,
        id: "deleted",
        identity: "S2",
        job_id: null,
        runtime: "external",
        deleted_at: new Date(0),
      },
      { ...charger, id: "station", identity: "S1", job_id: null, runtime: "external" },
      { ...charger, id: "prepared", identity: "S3", job_id: null, runtime: "external" },
    ],
    jobs: [
      { id: "job", organization_id: ours, location_id: "location", status: "READY", attempt: 0, total: 3 },
    ],
    rejections: [{ job_id: "job", identity: "B1-3" }],
    locations: [{ id: "location", organization_id: ours, name: "L1" }],
    keys: [{ id: "key", organization_id: ours, name: "K1", revoked_at: null }],
    connections: [
      { charger_id: "simulated", online: true, generation: 2 },
      { charger_id: "station", online: true, generation: 5 },
    ],
    connectors: [{ charger_id: "station", evse_id: 1, connector_id: 1, status: "Available" }],
    transactions: [
      {
        organization_id: ours,
        transaction_id: 7,
        charger_id: "station",
        ocpp_transaction_id: null,
        status: "completed",
        meter_start_wh: 100,
        meter_stop_wh: 300,
        revision: 4,
        id: "txn_7",
        id_tag: "TAG",
        remote_started: false,
        started_at: new Date(0),
        stop_reason: "Local",
      },
    ],
    readings: [{ organization_id: ours, charger_id: "station", energy_wh: 200, n: 1 }],
    conflicts: [],
    effects: [],
    settings: [{ charger_id: "station", revision: 2, current: "16", is_pending: false }],
    idTags: [{ id: "tag", organization_id: ours, id_tag: "T1", key: "t1", name: "N3", status: "blocked" }],
    tagEffects: [],
    reservations: [],
    localLists: [],
    tagJobs: [{ id: "tag-job", type: "erase", status: "DONE" }],
  };
}

function station(): { -readonly [Name in keyof StationLog]: StationLog[Name] } {
  return {
    door: { connectionUrl: "ws://x", identity: "S1", authorizationKey: "k" },
    version: "ocpp1.6",
    charges: [
      {
        localId: "a",
        connectorId: 1,
        idTag: "TAG",
        startedAt: "",
        meterStartWh: 100,
        transactionIds: [7],
        verdicts: ["Accepted"],
        isStartAnswered: true,
        readings: [{ energyWh: 200, at: "", isAnswered: true }],
        stop: { energyWh: 300, at: "", reason: "Local", isAnswered: true },
        nextSeqNo: 1,
      },
    ],
    calls: [
      {
        id: "1",
        action: "DataTransfer",
        payload: { vendorId: "chaos", data: "T1" },
        connection: 1,
        atMs: 0,
        answeredAtMs: 1,
      },
    ],
    overlaps: [],
    errors: [],
    refused: { 503: 2 },
    statuses: new Map([[1, "Available"]]),
    openSockets: 1,
    isConnected: true,
    isQuiet: true,
    isGone: false,
  };
}

/** What is written by nobody: everything may be changed to see whether it is noticed. */
export type Mutable = {
  ledger: Ledger;
  organizations: string[];
  stations: ReturnType<typeof station>[];
  database: DatabaseRows;
  before: DatabaseRows;
  sessions: { -readonly [Name in keyof Evidence["sessions"][number]]: Evidence["sessions"][number][Name] }[];
  prepared: Evidence["prepared"][number][];
  registry: Evidence["registry"][number][];
  simulated: Evidence["simulated"][number][];
  desks: Map<string, Evidence["desks"] extends ReadonlyMap<string, infer Desk> ? Desk : never>;
  nowMs: number;
  strayAlarms: string[];
  jobs: Map<
    string,
    { status: string; total: number; created: number; failed: number; pending: number } | null
  >;
  online: Map<string, boolean | null>;
  engine: Evidence["engine"];
};

const session = (chargerId: string, identity: string) => ({
  file: `${chargerId}.sqlite`,
  chargerId,
  identity,
  organizationId: ours,
  generation: 1,
  isRetired: false,
  unsent: 0,
});

/** One of everything, with nothing wrong. */
export function healthyEvidence(): Mutable {
  const ledger = new Ledger();
  const stored = { tenant: 0, verdict: "stored", attempts: [202] } as const;
  ledger.creations.push(
    { ...stored, kind: "batch", marker: "B1", count: 2, ids: ["job"], attempts: [503, 202] },
    { ...stored, kind: "registration", marker: "S1", count: 1, ids: ["station"], attempts: [201] },
    { ...stored, kind: "location", marker: "L1", count: 1, ids: ["location"], attempts: [201] },
    { ...stored, kind: "apiKey", marker: "K1", count: 1, ids: ["key"], attempts: [201] },
    { ...stored, kind: "idTag", marker: "T1", count: 1, ids: ["tag"], attempts: [201] },
    { tenant: 0, kind: "charger", marker: "C9", count: 1, verdict: "unavailable", ids: [], attempts: [503] },
  );
  ledger.changes.push(
    { subject: "charger", id: "simulated", value: "N1", verdict: "stored" },
    { subject: "charger", id: "simulated", value: "N2", verdict: "unavailable" },
    { subject: "settings", id: "station", value: "16", verdict: "stored" },
  );
  ledger.changes.push({ subject: "idTag", id: "tag", value: "N3", verdict: "stored" });
  ledger.tags.set("tag", { id: "tag", tenant: 0, isBusy: false, removal: null });
  ledger.removals.push({ subject: "charger", id: "deleted", verdict: "stored" });
  ledger.commands.push({
    identity: "S1",
    marker: "T1",
    status: 200,
    code: null,
    sent: null,
    answer: "S1 T1",
    tookMs: 20,
  });
  const poll = { jobId: "job", total: 3 };
  ledger.polls.push(
    { ...poll, status: "PROVISIONING", created: 0, failed: 1, pending: 2 },
    { ...poll, status: "READY", created: 1, failed: 2, pending: 0 },
  );
  ledger.locations.set("location", { id: "location", tenant: 0, isBusy: false, removal: null });
  const known = {
    tenant: 0,
    locationId: null,
    wantsRun: true,
    removal: null,
    isBusy: false,
    station: null,
    disturbedAtMs: 0,
  };
  ledger.chargers.set("simulated", { ...known, id: "simulated", identity: "B1-1", runtime: "simulated" });
  ledger.chargers.set("station", { ...known, id: "station", identity: "S1", runtime: "external" });
  return {
    ledger,
    organizations: [...ORGANIZATIONS],
    stations: [station()],
    database: databaseRows(),
    before: databaseRows(),
    sessions: [session("simulated", "B1-1"), session("station", "S1")],
    prepared: [{ chargerId: "prepared", identity: "S3", isTaken: false }],
    registry: [{ key: "t1", blocked: true }],
    simulated: [],
    desks: new Map(),
    nowMs: 0,
    strayAlarms: [],
    jobs: new Map([["job", { status: "READY", total: 3, created: 1, failed: 2, pending: 0 }]]),
    online: new Map([
      ["B1-1", true],
      ["S1", true],
    ]),
    engine: { pending: 0, inFlight: 0, dead: [] },
  };
}
