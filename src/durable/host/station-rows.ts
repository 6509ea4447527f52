import type { ItemError, SimulatedStation } from "../../ports.ts";
import { FRESH_MEMORY, type StationMemory } from "../../simulator/state.ts";

/** What a host keeps of one station over evictions and restarts. */
export interface StationRow {
  station: SimulatedStation;
  /** Null once the station failed, and for profiles without a key. */
  sealedKey: string | null;
  /** Switched on, as far as its owner is concerned. */
  isDesired: boolean;
  /** Was accepted at least once: provisioning is over, nothing fails it any more. */
  isReady: boolean;
  verdict: ItemError | null;
  /** The last restart that was carried out. */
  restartToken: string | null;
  memory: StationMemory;
}

export function newRow(station: SimulatedStation, sealedKey: string | null): StationRow {
  const memory = FRESH_MEMORY;
  return { station, sealedKey, isDesired: true, isReady: false, verdict: null, restartToken: null, memory };
}

/** The host's own SQLite. One row per station, written when something that must survive has changed. */
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
      "INSERT OR REPLACE INTO stations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
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

/** The table is written by `save` alone, so its JSON has the shape it was given. */
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
