import { readFileSync } from "node:fs";
import { join } from "node:path";

const fixture = (name: string) =>
  readFileSync(join(import.meta.dirname, "..", "..", "..", "fixtures", name), "utf8");

/** The schema of databases that were made before there were migrations. */
export const firstSchema = fixture("first-schema.sql");

/** Rows of every table, as the product of that schema writes them. */
export const firstRows = fixture("first-schema-rows.sql");
