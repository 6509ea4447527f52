import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The database files of all objects of a Durable Object class in a data directory, as whole paths. */
export function objectFiles(dataDirectory: string, className: string): string[] {
  const directory = join(dataDirectory, "objects", `busbar-${className}`);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
    .map((name) => join(directory, name));
}

/** What `read` finds in the database of an object, also while the runtime has it open. */
export function readObject<Found>(file: string, read: (database: DatabaseSync) => Found): Found {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

export function tablesOf(database: DatabaseSync): Set<string> {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  return new Set(tables.map(({ name }) => String(name)));
}
