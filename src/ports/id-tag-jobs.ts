import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";

/** One tag of an import. */
export interface ImportedTag {
  /** `tag_` and a ULID. */
  id: string;
  idTag: string;
  name: string | null;
  status: "active" | "blocked";
  type: string | null;
  groupId: string | null;
  expiresAt: Date | null;
  /** Identities; empty: valid at every charger. */
  chargeBoxIds: string[];
}

/** Why a tag was not imported. */
export interface ImportFailure {
  /** Its place in the request. */
  index: number;
  idTag: string;
  error: { code: string; message: string };
}

/** State of an import. */
export interface TagJob {
  id: string;
  type: "import";
  status: "PENDING" | "RUNNING" | "DONE";
  /** In tags. */
  progress: { total: number; done: number; failed: number; pending: number };
  /** In the order of the request; empty until it is done. */
  failures: ImportFailure[];
  createdAt: Date;
  finishedAt: Date | null;
}

/** A job whose run is to be started. */
export interface TagJobStart {
  id: string;
  organizationId: string;
  type: "import";
  total: number;
  attempt: number;
}

/** Storage of imports of id tags. */
export interface TagJobStore {
  /** Stores an import with its tags. @throws LimitReached, IdempotencyMismatch, IdempotencyInFlight */
  acceptImport(
    job: { id: string; organizationId: string; tags: ImportedTag[]; now: Date },
    claim: IdempotencyClaim | null,
    record: RecordedResponse,
  ): Promise<Claimed<void>>;
  /**
   * Imports the tags with places in `[from, to)` that were not imported yet, and stores an effect of batch `jobId` for each.
   * Idempotent.
   */
  importSlice(
    organizationId: string,
    jobId: string,
    slice: { from: number; to: number },
    now: Date,
  ): Promise<void>;
  /** Ends a job that has nothing left to do. */
  finish(organizationId: string, jobId: string, now: Date): Promise<void>;
  /** Null: no such job. */
  get(organizationId: string, jobId: string): Promise<TagJob | null>;
  /** Jobs that made no progress for two minutes. Raises their attempt. Deletes jobs that ended 30 days ago. */
  stuck(now: Date): Promise<TagJobStart[]>;
}
