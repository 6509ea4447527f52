import type { TagJobStart } from "./id-tag-jobs.ts";
import type { DeliveryKey, DueDelivery, ReplayCause } from "./webhooks.ts";

/**
 * What starts a settings run. `generation` is that of the connection that asked for it; null: an update or the
 * sweeper.
 */
export interface SettingsCause {
  chargerId: string;
  revision: number;
  generation: number | null;
  attempt: number;
}

/** A run that the engine stopped retrying, from its dead letter queue. */
export interface DeadLetter {
  id: string;
  runId: string;
  work: "batch" | "charger" | "effects" | "settings" | "tagEffects" | "tagJob" | "localList" | "unknown";
  /** Id of the job, the batch of effects or the charger of the run. */
  subjectId: string;
  /** Sequence number in the job; null unless it is a charger's run. */
  seq: number | null;
  /** Word of the `StepFailure` that the last step threw; null: another error, or no answer. */
  reason: string | null;
  responseStatus: number;
  at: Date;
}

/** Publishes messages that are no runs. All methods throw Unavailable when the engine cannot be reached. */
export interface MessagePublisher {
  /**
   * Publishes a message per delivery, as one batch. Within ten minutes the same delivery is taken once. Returns those that the engine
   * has taken.
   */
  deliver(deliveries: readonly DueDelivery[]): Promise<DeliveryKey[]>;
  /** Publishes the message that carries out a part of a replay. */
  replayWebhook(cause: ReplayCause, delaySeconds: number): Promise<void>;
}

/** Publishes and cancels workflow runs. All methods throw Unavailable when the engine cannot be reached. */
export interface RunPublisher {
  /** One page of dead letters of all organisations, newest first. `cursor` null: first page, and no further page. */
  deadLetters(cursor: string | null): Promise<{ letters: DeadLetter[]; cursor: string | null }>;
  /** Starts a run that brings the settings of a charger to its station. */
  applySettings(cause: SettingsCause): Promise<void>;
  /** Starts a run that brings the managed local list of a charger in line. */
  syncLocalList(cause: { chargerId: string; attempt: number }): Promise<void>;
  /** Starts the run that carries out a batch of effects. */
  applyEffects(batch: { id: string; total: number; attempt: number }): Promise<void>;
  /** Starts the run of an import of id tags, or of the erasure of one. */
  runTagJob(job: TagJobStart): Promise<void>;
  /** Starts the run that tells the tag registry of stored changes. */
  applyTagEffects(batch: { id: string; total: number; attempt: number }): Promise<void>;
  /**
   * Cancels runs by their full ids (`wfr_…`). Best effort: a run that goes on finds its charger settled or deleted.
   */
  cancel(runIds: string[]): Promise<void>;
  /**
   * Starts the dispatcher of a batch. The run id is derived from job and attempt: a second publish starts nothing.
   */
  dispatch(job: { id: string; organizationId: string; total: number; attempt: number }): Promise<void>;
  /**
   * Starts a run per charger. Run ids are derived from job, sequence number and attempt: a second publish starts
   * nothing.
   */
  provision(
    job: { id: string; organizationId: string; attempt: number },
    chargers: Array<{ chargerId: string; seq: number }>,
  ): Promise<void>;
}

/** Rate limit counter shared by all isolates, in Redis. */
export interface RateCounter {
  /**
   * Adds `count` to the current window of `key` and returns the total of the window. Null: Redis cannot be reached.
   */
  add(
    key: string,
    count: number,
    limit: number,
    windowSeconds: number,
  ): Promise<{ used: number; resetAtMs: number } | null>;
}

/** Replay protection of step deliveries: a mark per delivery id that expires, in Redis. */
export interface ReplayMarks {
  /**
   * Marks a delivery as started. "new": this call set the mark. "done": this isolate has finished it. "started": it
   * runs, or another isolate finished it. Null: Redis cannot be reached.
   */
  begin(id: string, ttlSeconds: number): Promise<"new" | "started" | "done" | null>;
  /** Remembers in this isolate that the delivery is done, so that `begin` answers "done". No write to Redis. */
  finish(id: string): void;
  /** Removes the mark, so that the engine may deliver again. */
  forget(id: string): Promise<void>;
}

/** Source of ids and random values. */
export interface Ids {
  /** UUIDv7; later ids of the same isolate sort after earlier ones. */
  uuid(): string;
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string;
}

/** Clock of the Worker; tests pass their own. */
export interface Clock {
  now(): Date;
}

/** Registers work that may go on after the answer was sent (`waitUntil`). */
export type Background = (work: Promise<unknown>) => void;
