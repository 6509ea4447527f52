import { basename } from "node:path";
import { deserialize } from "node:v8";
import { objectFiles, readObject, tablesOf } from "../harness/object-files.ts";
import { openSql } from "../harness/sql.ts";
import type { Violation } from "./audit.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import type { Ledger } from "./ledger.ts";

/**
 * All that is stored of the chargers that violations name, read while the stack still runs: what Postgres says of the connection, the
 * record and the facts of the session, and the row of the host. Later operations of the run change or delete it.
 */
export async function evidenceOf(
  violations: readonly Violation[],
  { ledger, stack, dataDirectory }: { ledger: Ledger; stack: ChaosStack; dataDirectory: string },
): Promise<unknown[]> {
  const named = [...ledger.chargers.values()].filter(({ identity }) =>
    violations.some(({ what }) => what.includes(identity)),
  );
  const sql = openSql(stack.running.address("sql"));
  return Promise.all(
    named.map(async (charger) => ({
      charger,
      connection: await sql("SELECT * FROM charger_connections WHERE charger_id = $1::uuid", [charger.id]),
      sessions: rowsNaming(dataDirectory, "ChargePointSession", charger.id),
      hosts: rowsNaming(dataDirectory, "SimulatorHost", charger.id),
    })),
  );
}

/** Rows of any table of the objects of one class that contain `text`. */
function rowsNaming(dataDirectory: string, className: string, text: string): unknown[] {
  return objectFiles(dataDirectory, className).flatMap((file) =>
    readObject(file, (database) =>
      [...tablesOf(database)].flatMap((table) =>
        database
          .prepare(`SELECT * FROM "${table}"`)
          .all()
          .map((row) => ({ file: basename(file), table, row: readable(row) }))
          .filter(({ row }) => JSON.stringify(row).includes(text)),
      ),
    ),
  );
}

function readable(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? valueOf(value) : value]),
  );
}

/** Values of the key-value store are serialised by V8. */
function valueOf(bytes: Uint8Array): unknown {
  try {
    const value: unknown = deserialize(bytes);
    return value;
  } catch {
    return `${bytes.length} bytes`;
  }
}
