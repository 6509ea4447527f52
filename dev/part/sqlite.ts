import type { DatabaseSync } from "node:sqlite";

/** Opens a SQLite file, which is made when it is missing. Node's ExperimentalWarning about the module is not shown. */
export function openSqlite(file: string): DatabaseSync {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    const sqlite = process.getBuiltinModule("node:sqlite");
    return new sqlite.DatabaseSync(file);
  } finally {
    process.emitWarning = emitWarning;
  }
}
