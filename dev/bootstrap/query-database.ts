import { neon, neonConfig } from "@neondatabase/serverless";
import { readLivingStack } from "../stack/data-directory.ts";
import type { Query } from "./bootstrap.ts";
import { dataLocation } from "./data-location.ts";
import type { Environment } from "./data-location.ts";

interface DatabaseAddress {
  url: string;
  fetchEndpoint: string | undefined;
}

/** @param directory value of `--data`: the stack on it is used, whatever DATABASE_URL says */
export function queryDatabase(env: Environment, directory: string | undefined): Query {
  const { url, fetchEndpoint } = databaseAddress(env, directory);
  if (fetchEndpoint) neonConfig.fetchEndpoint = fetchEndpoint;
  const sql = neon(url);
  return (text, params) => sql.query(text, params);
}

/** @throws Error with what to start or set */
export function databaseAddress(env: Environment, directory: string | undefined): DatabaseAddress {
  if (directory === undefined && env["DATABASE_URL"])
    return { url: env["DATABASE_URL"], fetchEndpoint: env["NEON_FETCH_ENDPOINT"] };
  const location = dataLocation(env, directory);
  const stack = readLivingStack(location);
  if (!stack)
    throw new Error(
      `No stack runs on ${location}. Start it with "npm start -- --data ${location}", or set DATABASE_URL.`,
    );
  const sql = stack.addresses["sql"];
  if (sql) return { url: embeddedUrl(env), fetchEndpoint: `${sql}/sql` };
  if (!env["DATABASE_URL"])
    throw new Error("That stack uses a database of yours: set DATABASE_URL as it does.");
  return { url: env["DATABASE_URL"], fetchEndpoint: env["NEON_FETCH_ENDPOINT"] };
}

/** The embedded endpoint checks no credentials and takes the database's name from the path. */
function embeddedUrl(env: Environment): string {
  const name = env["BUSBAR_PG_URL"] ? new URL(env["BUSBAR_PG_URL"]).pathname.slice(1) : "";
  return `postgresql://postgres:postgres@local.db/${name || "postgres"}`;
}
