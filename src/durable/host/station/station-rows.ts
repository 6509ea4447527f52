import type { ItemError, SimulatedStation } from "../../../ports.ts";
import type { StationMemory } from "../../../simulator/station/state.ts";
import type { StationRow } from "./station-row.ts";

const COLUMNS = [
  "charger_id",
  "station",
  "sealed_key",
  "is_desired",
  "is_ready",
  "verdict",
  "restart_token",
  "memory",
];
/** Names its columns: columns that a later version added keep their values. */
const SAVE = `INSERT INTO stations (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})
  ON CONFLICT (charger_id) DO UPDATE SET ${COLUMNS.slice(1)
    .map((name) => `${name} = excluded.${name}`)
    .join(", ")}`;

/** Rows of the stations in the host's SQLite. Written when state changes that must survive a restart. */
export class StationRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS stations (
      charger_id TEXT PRIMARY KEY,
      station TEXT NOT NULL,
      sealed_key TEXT,
      is_desired INTEGER NOT NULL,
      is_ready INTEGER NOT NULL,
      verdict TEXT,
      restart_token TEXT,
      memory TEXT NOT NULL
    ) WITHOUT ROWID`);
  }

  all(): StationRow[] {
    return this.#sql.exec("SELECT * FROM stations").toArray().map(readRow);
  }

  save(row: StationRow): void {
    this.#sql.exec(
      SAVE,
      row.station.chargerId,
      JSON.stringify(row.station),
      row.sealedKey,
      Number(row.isDesired),
      Number(row.isReady),
      row.verdict && JSON.stringify(row.verdict),
      row.restartToken,
      JSON.stringify(row.memory),
    );
  }

  delete(chargerId: string): void {
    this.#sql.exec("DELETE FROM stations WHERE charger_id = ?", chargerId);
  }
}

/** Parses a row. Only `save` writes the table, so the JSON has the expected shape. */
function readRow(row: Record<string, SqlStorageValue>): StationRow {
  return {
    station: JSON.parse(String(row["station"])) as SimulatedStation,
    sealedKey: row["sealed_key"] === null ? null : String(row["sealed_key"]),
    isDesired: row["is_desired"] === 1,
    isReady: row["is_ready"] === 1,
    verdict: row["verdict"] === null ? null : (JSON.parse(String(row["verdict"])) as ItemError),
    restartToken: row["restart_token"] === null ? null : String(row["restart_token"]),
    memory: JSON.parse(String(row["memory"])) as StationMemory,
  };
}
