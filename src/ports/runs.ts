/** Why settings are brought to a station: an update, a connection of its session's generation, or the sweeper. */
export interface SettingsCause {
  chargerId: string;
  revision: number;
  generation: number | null;
  attempt: number;
}

/** A run that the engine gave up. */
export interface DeadLetter {
  id: string;
  runId: string;
  work: "batch" | "charger" | "effects" | "settings" | "unknown";
  /** What the run was about: a job, a batch of effects or a charger. */
  subjectId: string;
  /** Of a charger's run: its place in the job; null for all others. */
  seq: number | null;
  /** The word that its last step threw; null: it threw none of ours, or was not answered. */
  reason: string | null;
  responseStatus: number;
  at: Date;
}

export interface RunPublisher {
  /** What the engine gave up, of all organisations, newest first. @throws Unavailable */
  deadLetters(cursor: string | null): Promise<{ letters: DeadLetter[]; cursor: string | null }>;
  applySettings(cause: SettingsCause): Promise<void>;
  applyEffects(batch: { id: string; total: number; attempt: number }): Promise<void>;
  /** Run ids with their prefix. Best effort: a run that escapes finds its charger gone. */
  cancel(runIds: string[]): Promise<void>;
  /** Deterministic ids: publishing the same run twice starts one. */
  dispatch(job: { id: string; organizationId: string; total: number; attempt: number }): Promise<void>;
  provision(
    job: { id: string; organizationId: string; attempt: number },
    chargers: Array<{ chargerId: string; seq: number }>,
  ): Promise<void>;
}

export interface RateCounter {
  /** Adds `count` to the shared window of `key` and returns the total used in it. Null when the counter cannot be reached. */
  add(
    key: string,
    count: number,
    limit: number,
    windowSeconds: number,
  ): Promise<{ used: number; resetAtMs: number } | null>;
}

/** Single-use marks with an expiry: replay protection of the step endpoints. */
export interface ReplayMarks {
  /** "new" when this call set it to started; null when the marks cannot be reached. */
  begin(id: string, ttlSeconds: number): Promise<"new" | "started" | "done" | null>;
  finish(id: string): void;
  forget(id: string): Promise<void>;
}

export interface Ids {
  /** UUIDv7, growing within one isolate. */
  uuid(): string;
  /** Lower-case hex, `bytes` random bytes. */
  hex(bytes: number): string;
}

export interface Clock {
  now(): Date;
}

/** Ends with the request, but may outlive its answer. */
export type Background = (work: Promise<unknown>) => void;
