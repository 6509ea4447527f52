import type { Env } from "../env.ts";
import type { Ports } from "../ports.ts";

/** What the objects use of the system around them: Postgres and the engine. */
export interface Services {
  chargers: Pick<Ports["chargers"], "applySessionFacts">;
  history: Pick<Ports["history"], "transactionIds">;
  runs: Pick<Ports["runs"], "applySettings">;
  tagPolicies: Pick<Ports["tagPolicies"], "read">;
  tagRegistry: Pick<Ports["tagRegistry"], "shardPage" | "raiseVersion">;
}

/** Called when a service is first needed: an object that only talks to its station makes no client of the database. */
export type ServicesOf = (env: Env) => Services;
