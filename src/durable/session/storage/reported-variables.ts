import type { ReportedVariable } from "../../../ocpp/commands.ts";
import { isJsonObject, type JsonObject } from "../../../ocpp/json.ts";
import { slices } from "../../../ocpp/slices.ts";
import { variableName } from "../../../ocpp/v2x/result-row.ts";
import { actualAttribute, readVariable } from "../../../ocpp/v2x/variable-key.ts";
import { LazyTables } from "./lazy-tables.ts";

const VARIABLES_MAX = 5_000;
/** Each takes three of the hundred parameters a statement may have. */
const ROWS_PER_INSERT = 30;

const TABLE = `CREATE TABLE IF NOT EXISTS reported_variables (
  name TEXT PRIMARY KEY, is_read_only INTEGER NOT NULL, max_limit REAL)`;

type Row = [name: string, isReadOnly: number, maxLimit: number | null];

/** What a 2.x station last reported of its variables, without their values. */
export class ReportedVariables {
  readonly #table: LazyTables;

  constructor(sql: SqlStorage) {
    this.#table = new LazyTables(sql, "reported_variables", TABLE);
  }

  note(rows: readonly JsonObject[]): void {
    const told = rows.flatMap(rowOf);
    if (told.length === 0) return;
    const sql = this.#table.writing;
    const { known } = sql.exec<{ known: number }>("SELECT count(*) AS known FROM reported_variables").one();
    for (const part of slices(told.slice(0, Math.max(0, VARIABLES_MAX - known)), ROWS_PER_INSERT)) {
      if (part.length === 0) continue;
      const places = part.map(() => "(?, ?, ?)").join(", ");
      sql.exec(
        `INSERT OR REPLACE INTO reported_variables (name, is_read_only, max_limit) VALUES ${places}`,
        ...part.flat(),
      );
    }
  }

  /** `key` as `formatVariableKey` writes it. */
  find(key: string): ReportedVariable | null {
    const text = "SELECT is_read_only, max_limit FROM reported_variables WHERE name = ?";
    const [row] =
      this.#table.reading
        ?.exec<{ is_read_only: number; max_limit: number | null }>(text, key.toLowerCase())
        .toArray() ?? [];
    return row ? { isReadOnly: row.is_read_only === 1, maxLimit: row.max_limit } : null;
  }

  clear(): void {
    this.#table.reading?.exec("DELETE FROM reported_variables");
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#table.forget();
  }
}

function rowOf(row: JsonObject): Row[] {
  const address = readVariable(row);
  if (!address) return [];
  const characteristics = isJsonObject(row.variableCharacteristics) ? row.variableCharacteristics : {};
  const { maxLimit } = characteristics;
  const isReadOnly = actualAttribute(row)?.mutability === "ReadOnly" ? 1 : 0;
  return [[variableName(address).slice(0, 512), isReadOnly, typeof maxLimit === "number" ? maxLimit : null]];
}
