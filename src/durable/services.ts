import type { Env } from "../env.ts";
import type { Ports } from "../ports.ts";

/** Ports of Postgres and the engine that the objects use. */
export interface Services {
  apiKeys: Pick<Ports["apiKeys"], "findById">;
  chargers: Pick<Ports["chargers"], "applySessionFacts">;
  events: Pick<Ports["events"], "page" | "openLine" | "closeLines">;
  liveLines: Pick<Ports["liveLines"], "told">;
  history: Pick<Ports["history"], "transactionIds">;
  runs: Pick<Ports["runs"], "applySettings">;
  webhooks: Pick<Ports["webhooks"], "wantedVendors">;
  messages: Pick<Ports["messages"], "deliver">;
  deliveries: Pick<Ports["deliveries"], "published">;
  clock: Ports["clock"];
  tagPolicies: Pick<Ports["tagPolicies"], "read">;
  tagRegistry: Pick<Ports["tagRegistry"], "shardPage" | "raiseVersion">;
}

/** Makes the services. Called on first use, so an object that only talks to its station creates no database client. */
export type ServicesOf = (env: Env) => Services;
