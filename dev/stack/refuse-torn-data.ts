import { existsSync, readdirSync } from "node:fs";
import type { DataDirectory } from "./data-directory.ts";
import { StackError } from "./stack-error.ts";
import type { Wiring } from "./wiring.ts";

const OTHER_DIRECTORY = "To start empty, pass another directory with --data.";

/** Storage of the Durable Objects: under workerd, and under `wrangler dev`. */
const OBJECTS = ["objects/", "wrangler/"];

function hasFiles(directory: string): boolean {
  if (!existsSync(directory)) return false;
  return readdirSync(directory, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile());
}

/**
 * Refuses a data directory of which the secrets or the database are missing: the rest would be read with new keys, or belong to
 * chargers that the new database does not have, without any error. Missing objects are fine: Postgres has every charger.
 * @throws StackError with what is missing and what to do
 */
export function refuseTornData(data: DataDirectory, wiring: Wiring): void {
  const database = data.file("postgres");
  const stored = [
    ...(existsSync(`${database}/PG_VERSION`) ? ["postgres/"] : []),
    ...(existsSync(data.file("engine.sqlite")) ? ["engine.sqlite"] : []),
    ...OBJECTS.filter((name) => hasFiles(data.file(name))),
  ];
  const secrets = data.file("secrets.json");
  if (stored.length > 0 && !existsSync(secrets))
    throw new StackError(
      `${secrets} is missing, and its keys seal what is stored beside it (${stored.join(", ")}). ` +
        `Put it back from a copy. ${OTHER_DIRECTORY}`,
    );
  const isEmbedded = wiring.sql.embedded && wiring.sql.pgUrl === undefined;
  const objects = stored.filter((name) => OBJECTS.includes(name));
  if (isEmbedded && objects.length > 0 && !stored.includes("postgres/"))
    throw new StackError(
      `${database} holds no database, but ${objects.join(", ")} beside it holds chargers. Put it back from a copy, or set ` +
        `BUSBAR_PG_URL or DATABASE_URL if this data was written on another Postgres. ${OTHER_DIRECTORY}`,
    );
}
