import type { Config } from "../../env.ts";
import type { ApiKey, Organization } from "../../ports.ts";
import { KnownDigests } from "./known-digests.ts";
import { RateWindows } from "./rate-window.ts";
import { RefreshingCache } from "./refreshing-cache.ts";

/** What an isolate remembers between requests about who asks and how often. */
export interface AccessState {
  apiKeys: RefreshingCache<{ key: ApiKey; organization: Organization }>;
  organizations: RefreshingCache<Organization>;
  digests: KnownDigests;
  /** Epoch ms of the last `lastUsed` write, by API key id. */
  touchedAtMs: Map<string, number>;
  requests: RateWindows;
  authFailures: RateWindows;
}

const states = new WeakMap<Config, AccessState>();

/** The state that belongs to a parsed configuration, which lives as long as its isolate. */
export function accessState(config: Config): AccessState {
  const known = states.get(config);
  if (known) return known;
  const state: AccessState = {
    apiKeys: new RefreshingCache(),
    organizations: new RefreshingCache(),
    digests: new KnownDigests(),
    touchedAtMs: new Map(),
    requests: new RateWindows({
      failOpen: true,
      onStoreDown: () => console.warn(JSON.stringify({ level: "warn", event: "rate_counter_unreachable" })),
    }),
    authFailures: new RateWindows({ failOpen: false }),
  };
  states.set(config, state);
  return state;
}
