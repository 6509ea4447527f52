import { messagePublisher } from "../workflows/message-publisher.ts";
import { runPublisher } from "../workflows/run-publisher.ts";
import { rateCounter } from "./cache/rate-counter.ts";
import { connectRedis } from "./cache/redis.ts";
import { replayMarks } from "./cache/replay-marks.ts";
import { durableLiveLines } from "./durable/live-lines.ts";
import { durableSessions } from "./durable/sessions.ts";
import { durableSimulators } from "./durable/simulators.ts";
import { durableTagRegistries } from "./durable/tag-registries.ts";
import type { Env } from "./env.ts";
import { systemIds } from "./fleet/ids.ts";
import { LostSessions } from "./fleet/objects/restore.ts";
import type { Ports } from "./ports.ts";
import { postWebhook } from "./post-webhook.ts";
import { probeDependency } from "./probe-dependency.ts";
import { apiKeyStore } from "./store/api-keys.ts";
import { chargerStore } from "./store/chargers.ts";
import { effectStore } from "./store/effects.ts";
import { eventStore } from "./store/events.ts";
import { tagJobStore } from "./store/id-tag-jobs.ts";
import { idTagStore } from "./store/id-tags.ts";
import { idempotencyStore } from "./store/idempotency.ts";
import { jobStore } from "./store/jobs.ts";
import { localListStore } from "./store/local-lists.ts";
import { locationStore } from "./store/locations.ts";
import { organizationStore, tagPolicies } from "./store/organizations.ts";
import { SecretSeal } from "./secret-seal.ts";
import { recoveryStore } from "./store/recovery.ts";
import { settingsStore } from "./store/settings.ts";
import { connect, type Sql } from "./store/sql.ts";
import { stationHistory } from "./store/station-history.ts";
import { tagRegistryStore } from "./store/tag-registry.ts";
import { deliveryStore } from "./store/webhook-deliveries.ts";
import { webhookStore } from "./store/webhooks.ts";

const wired = new WeakMap<Env, Ports>();

/** Chooses the implementation of every port. Ports keep no state of a request, so an isolate shares them. */
export function wire(env: Env): Ports {
  const known = wired.get(env);
  if (known) return known;
  const sql = connect(env);
  const redis = connectRedis(env);
  const seal = new SecretSeal(env.CREDENTIAL_SECRET, "busbar webhook secret");
  const limits = { chargers: env.CHARGER_LIMIT, openJobs: env.OPEN_JOB_LIMIT };
  const sessions = durableSessions(env, (ref) => lostSessions.lookUp(ref));
  const ports: Ports = {
    organizations: organizationStore(sql),
    apiKeys: apiKeyStore(sql),
    locations: locationStore(sql),
    chargers: chargerStore(sql, limits),
    jobs: jobStore(sql, limits),
    idempotency: idempotencyStore(sql),
    effects: effectStore(sql),
    events: eventStore(sql),
    webhooks: webhookStore(sql, seal),
    deliveries: deliveryStore(sql, seal),
    webhookPost: postWebhook,
    liveLines: durableLiveLines(env),
    tagPolicies: tagPolicies(sql),
    idTags: idTagStore(sql),
    tagJobs: tagJobStore(sql),
    tagRegistry: tagRegistryStore(sql),
    tagRegistries: durableTagRegistries(env),
    localLists: localListStore(sql),
    history: stationHistory(sql),
    settings: settingsStore(sql),
    recovery: recoveryStore(sql),
    sessions,
    simulators: durableSimulators(env),
    runs: runPublisher(env),
    messages: messagePublisher(env),
    rateCounter: rateCounter(redis),
    replayMarks: replayMarks(redis),
    ids: systemIds,
    clock: { now: () => new Date() },
    probe: () => probe(env, sql),
  };
  const lostSessions = new LostSessions(ports);
  wired.set(env, ports);
  return ports;
}

/** Asks each dependency whether it answers. */
async function probe(env: Env, sql: Pick<Sql, "read">): ReturnType<Ports["probe"]> {
  const [database, redisState, engine] = await Promise.all([
    probeDependency(() => sql.read("SELECT 1", [])),
    // The probe has its own deadline, longer than that of commands.
    probeDependency((signal) => connectRedis(env, () => signal).ping()),
    probeDependency((signal) => engineAnswers(env, signal)),
  ]);
  return { database, redis: redisState, engine };
}

async function engineAnswers(env: Env, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${env.QSTASH_URL}/v2/keys`, {
    headers: { authorization: `Bearer ${env.QSTASH_TOKEN}` },
    signal,
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  await response.body?.cancel();
}
