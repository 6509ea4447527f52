import type { Config } from "../../env.ts";
import type { ApiKey, ConnectedCharger, Organization, SettingsView } from "../../ports.ts";
import { RateWindows } from "./rate-window.ts";
import { RefreshingCache } from "./refreshing-cache.ts";

const DIGESTS_KEPT_FOR_MS = 60_000;
const DIGESTS_MAX = 256;

/**
 * Digests of the live API keys used within the last minute. Hashing is asynchronous in workerd and would cost each command
 * a turn of the event loop. In memory only; unknown and revoked keys are not cached.
 */
export class KnownDigests {
  readonly #digests = new Map<string, string>();
  #sinceMs = 0;

  get(apiKey: string): string | undefined {
    return this.#digests.get(apiKey);
  }

  remember(apiKey: string, digest: string, nowMs: number): void {
    const isOld = nowMs - this.#sinceMs > DIGESTS_KEPT_FOR_MS;
    if (isOld || this.#digests.size >= DIGESTS_MAX) this.#digests.clear();
    if (isOld) this.#sinceMs = nowMs;
    this.#digests.set(apiKey, digest);
  }
}

/** Caches and counters of an isolate for authentication and rate limits. */
interface AccessState {
  apiKeys: RefreshingCache<{ key: ApiKey; organization: Organization }>;
  organizations: RefreshingCache<Organization>;
  /** Key: organisation id and identity. Always looked up; the cached value is used only while the database is away. */
  chargers: RefreshingCache<ConnectedCharger>;
  settingsViews: RefreshingCache<SettingsView>;
  digests: KnownDigests;
  /** Epoch ms of the last `lastUsed` write, by API key id. */
  touchedAtMs: Map<string, number>;
  requests: RateWindows;
  authFailures: RateWindows;
}

/** Details are always looked up, and the look-up may take 2 s. */
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
