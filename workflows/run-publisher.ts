import { Client } from "@upstash/workflow";
import { Unavailable } from "../src/errors.ts";
import type { Config } from "../src/env.ts";
import type { RunPublisher, SettingsCause, TagJobStart } from "../src/ports.ts";
import { runNames } from "../src/run-ids.ts";
import { within } from "../src/within.ts";
import { readDeadLetters } from "./dead-letters.ts";
import {
  CHARGER_PATH,
  DISPATCH_PATH,
  EFFECTS_PATH,
  LOCAL_LIST_PATH,
  SETTINGS_PATH,
  TAG_EFFECTS_PATH,
  TAG_JOB_PATH,
} from "./paths.ts";

const PUBLISH_TIMEOUT_MS = 10_000;
const NOT_TAKEN = "The workflow service did not take the run";
const READ_FAILED = "The workflow service did not answer";
const RETRIES = 3;
/** Delay before a retry in ms: 2 s, 10 s, 50 s. */
const RETRY_DELAY = "2000 * pow(5, retried)";

/** Dispatcher steps of one organisation in parallel, so that many batches do not occupy the Worker. */
const DISPATCHERS = 2;
/** Steps of imports and erasures of one organisation in parallel. */
const TAG_JOBS = 2;

type Needs = Pick<Config, "QSTASH_URL" | "QSTASH_TOKEN" | "PUBLIC_BASE_URL" | "PROVISION_PARALLELISM">;

/**
 * Runs are started with deterministic ids and ids-only payloads: all state is in Postgres.
 * A batch that is refused in part looks like success to the SDK; the sweeper finds what is missing.
 */
export function runPublisher(config: Needs): RunPublisher {
  const client = engineClient(config);
  return {
    async dispatch({ id, organizationId, total, attempt }) {
      await withDeadline(
        client.trigger({
          url: config.PUBLIC_BASE_URL + DISPATCH_PATH,
          workflowRunId: runNames.job(id, attempt),
          body: { jobId: id, total, attempt },
          label: id,
          retries: RETRIES,
          retryDelay: RETRY_DELAY,
          flowControl: { key: `jobs-${organizationId}`, parallelism: DISPATCHERS },
        }),
      );
    },

    async applyEffects({ id, total, attempt }) {
      await withDeadline(
        client.trigger({
          url: config.PUBLIC_BASE_URL + EFFECTS_PATH,
          workflowRunId: runNames.effects(id, attempt),
          body: { batchId: id, total },
          label: id,
          retries: RETRIES,
          retryDelay: RETRY_DELAY,
        }),
      );
    },

    runTagJob: (job) => publishTagJob(client, config.PUBLIC_BASE_URL, job),

    applyTagEffects: (batch) => publishTagEffects(client, config.PUBLIC_BASE_URL, batch),

    syncLocalList: (cause) => publishLocalList(client, config.PUBLIC_BASE_URL, cause),

    applySettings: (cause) => publishSettings(client, config.PUBLIC_BASE_URL, cause),

    deadLetters: (cursor) => withDeadline(readDeadLetters(client, cursor), READ_FAILED),

    async cancel(runIds) {
      await withDeadline(client.cancel(runIds)).catch(() => null);
    },

    provision: (job, chargers) => publishChargers(client, config, job, chargers),
  };
}

function engineClient(config: Needs): Client {
  return new Client({
    baseUrl: config.QSTASH_URL ?? "",
    token: config.QSTASH_TOKEN ?? "",
    retry: { retries: 1, backoff: () => 100 },
    enableTelemetry: false,
  });
}

async function publishChargers(
  client: Client,
  config: Needs,
  job: { id: string; organizationId: string; attempt: number },
  chargers: Array<{ chargerId: string; seq: number }>,
): Promise<void> {
  if (chargers.length === 0) return;
  const runs = chargers.map(({ chargerId, seq }) => ({
    url: config.PUBLIC_BASE_URL + CHARGER_PATH,
    workflowRunId: runNames.charger(job.id, seq, job.attempt),
    body: { jobId: job.id, chargerId },
    label: job.id,
    retries: RETRIES,
    retryDelay: RETRY_DELAY,
    flowControl: { key: `prov-${job.organizationId}`, parallelism: config.PROVISION_PARALLELISM },
  }));
  await withDeadline(client.trigger(runs));
}

async function publishTagEffects(
  client: Client,
  baseUrl: string,
  { id, total, attempt }: { id: string; total: number; attempt: number },
): Promise<void> {
  await withDeadline(
    client.trigger({
      url: baseUrl + TAG_EFFECTS_PATH,
      workflowRunId: runNames.tagEffects(id, attempt),
      body: { batchId: id, total },
      label: id,
      retries: RETRIES,
      retryDelay: RETRY_DELAY,
    }),
  );
}

async function publishTagJob(client: Client, baseUrl: string, job: TagJobStart): Promise<void> {
  const { id, organizationId, type, total, attempt } = job;
  await withDeadline(
    client.trigger({
      url: baseUrl + TAG_JOB_PATH,
      workflowRunId: runNames.tagJob(id, attempt),
      body: { jobId: id, organizationId, type, total },
      label: id,
      retries: RETRIES,
      retryDelay: RETRY_DELAY,
      flowControl: { key: `tags-${organizationId}`, parallelism: TAG_JOBS },
    }),
  );
}

async function publishSettings(client: Client, baseUrl: string, cause: SettingsCause): Promise<void> {
  const { chargerId, revision, generation, attempt } = cause;
  await withDeadline(
    client.trigger({
      url: baseUrl + SETTINGS_PATH,
      workflowRunId: runNames.settings(chargerId, revision, generation, attempt),
      body: { chargerId, revision, generation },
      label: chargerId,
      retries: RETRIES,
      retryDelay: RETRY_DELAY,
      // At most one settings run per charger at a time.
      flowControl: { key: `set-${chargerId}`, parallelism: 1 },
    }),
  );
}

async function publishLocalList(
  client: Client,
  baseUrl: string,
  { chargerId, attempt }: { chargerId: string; attempt: number },
): Promise<void> {
  await withDeadline(
    client.trigger({
      url: baseUrl + LOCAL_LIST_PATH,
      workflowRunId: runNames.localList(chargerId, attempt),
      body: { chargerId },
      label: chargerId,
      retries: RETRIES,
      retryDelay: RETRY_DELAY,
      // At most one run per list at a time.
      flowControl: { key: `list-${chargerId}`, parallelism: 1 },
    }),
  );
}

async function withDeadline<T>(work: Promise<T>, failure = NOT_TAKEN): Promise<T> {
  try {
    return await within(PUBLISH_TIMEOUT_MS, work, () => new Error("deadline"));
  } catch (error) {
    throw new Unavailable(failure, { cause: error });
  }
}
