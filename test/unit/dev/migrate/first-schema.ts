import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The schema of databases that were made before there were migrations. */
export const firstSchema = readFileSync(
  join(import.meta.dirname, "..", "..", "..", "fixtures", "first-schema.sql"),
  "utf8",
);
