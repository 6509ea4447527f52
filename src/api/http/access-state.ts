import type { Config } from "../../env.ts";
import type { ApiKey, ConnectedCharger, Organization, SettingsView } from "../../ports.ts";
import { KnownDigests } from "./known-digests.ts";
import { RateWindows } from "./rate-window.ts";
import { RefreshingCache } from "./refreshing-cache.ts";

/** What an isolate remembers between requests about who asks and how often. */
export interface AccessState {
  apiKeys: RefreshingCache<{ key: ApiKey; organization: Organization }>;
  organizations: RefreshingCache<Organization>;
  /** Looked up every time; the last answer stands in while the database is away. By organisation id and charger. */
  chargers: RefreshingCache<ConnectedCharger>;
  settingsViews: RefreshingCache<SettingsView>;
  digests: KnownDigests;
  /** Epoch ms of the last `lastUsed` write, by API key id. */
  touchedAtMs: Map<string, number>;
  requests: RateWindows;
  authFailures: RateWindows;
}

/** A detail of a charger may be large, and has a slow database's time. */
const DETAILS = { freshMs: 0, patienceMs: 2_000, entriesMax: 1_000 };

const states = new WeakMap<Config, AccessState>();

/** The state that belongs to a parsed configuration, which lives as long as its isolate. */
export function accessState(config: Config): AccessState {
  const known = states.get(config);
  if (known) return known;
  const keptMs = config.OUTAGE_GRACE_SECONDS * 1000;
  const kept = (what: string) => ({ keptMs, onStandIn: (ageMs: number) => logStandIn(what, ageMs) });
  const state: AccessState = {
    apiKeys: new RefreshingCache(kept("API key")),
    organizations: new RefreshingCache(kept("organization")),
    chargers: new RefreshingCache({ ...DETAILS, ...kept("charger") }),
    settingsViews: new RefreshingCache({ ...DETAILS, ...kept("settings") }),
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

function logStandIn(what: string, ageMs: number): void {
  const ageSeconds = Math.round(ageMs / 1000);
  console.warn(JSON.stringify({ level: "warn", event: "database_away_known_value_used", what, ageSeconds }));
}
