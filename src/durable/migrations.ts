/**
 * Tables of a session object, applied in order and never edited. The number of applied steps is part of the session's
 * record: a separate version row would cost every new object one more write.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE frames (
     seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, direction TEXT NOT NULL, action TEXT, message TEXT NOT NULL,
     bytes_total INTEGER NOT NULL);
   CREATE TABLE outbox (
     seq INTEGER PRIMARY KEY, charger_id TEXT NOT NULL, generation INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     fact TEXT NOT NULL);
   CREATE TABLE replies (
     seq INTEGER PRIMARY KEY, message_id TEXT NOT NULL, digest TEXT NOT NULL, response TEXT NOT NULL);`,
  `CREATE TABLE transactions (
     transaction_id INTEGER PRIMARY KEY, id TEXT NOT NULL, ocpp_transaction_id TEXT, evse_id INTEGER NOT NULL,
     connector_id INTEGER NOT NULL, id_tag TEXT, meter_start_wh INTEGER, started_at TEXT NOT NULL,
     start_timestamp TEXT NOT NULL, stopped_at TEXT, remote_started INTEGER NOT NULL, charging_state TEXT,
     last_seq_no INTEGER, lost_stop INTEGER NOT NULL, meter_stop_wh INTEGER, stop_reason TEXT, last_meter_wh INTEGER,
     last_meter_at TEXT, revision INTEGER NOT NULL DEFAULT 0);
   CREATE INDEX transactions_open ON transactions (evse_id) WHERE stopped_at IS NULL;
   CREATE INDEX transactions_start ON transactions (start_timestamp);
   CREATE UNIQUE INDEX transactions_ocpp ON transactions (ocpp_transaction_id) WHERE ocpp_transaction_id IS NOT NULL;
   CREATE TABLE transaction_events (
     transaction_id INTEGER NOT NULL, seq_no INTEGER NOT NULL, PRIMARY KEY (transaction_id, seq_no)) WITHOUT ROWID;
   CREATE TABLE data_transfers (
     seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at_ms INTEGER NOT NULL, direction TEXT NOT NULL, vendor_id TEXT NOT NULL,
     message_id TEXT, data TEXT, response_status TEXT, response_data TEXT, error TEXT);`,
];

/** True for an object whose tables an older release made. */
export function isOutdated(applied: number): boolean {
  return applied > 0 && applied < STEPS.length;
}

/** Applies the steps after `applied` and returns how many are applied now. Synchronous: one transaction with its caller. */
export function migrate(sql: SqlStorage, applied: number): number {
  for (const step of STEPS.slice(applied)) sql.exec(step);
  return STEPS.length;
}
