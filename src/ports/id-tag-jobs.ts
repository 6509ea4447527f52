import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";
import type { TagBatch, TagUpdate } from "./id-tags.ts";

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

/** State of an import, or of the erasure of a tag. */
export interface TagJob {
  id: string;
  type: "import" | "erase";
  status: "PENDING" | "RUNNING" | "DONE";
  /** Tags of an import; chargers of an erasure. */
  progress: { total: number; done: number; failed: number; pending: number };
  /** Of an import, in the order of the request; empty until it is done. */
  failures: ImportFailure[];
  createdAt: Date;
  finishedAt: Date | null;
}

/** A job whose run is to be started. */
export interface TagJobStart {
  id: string;
  organizationId: string;
  type: "import" | "erase";
  total: number;
  attempt: number;
}

/** A charger that an erasure has to deal with. */
export interface ErasureCharger {
  id: string;
  identity: string;
  organizationSlug: string;
  /** It has a session that knows something. */
  hasSession: boolean;
}

/** The next part of an erasure. */
export interface ErasurePart {
  /** Tag as it is compared, and what takes its place. */
  key: string;
  pseudonym: string;
  /** The last charger that was dealt with; null: none. */
  cursor: string | null;
  /** Empty: all chargers were dealt with. */
  chargers: ErasureCharger[];
}

/** Storage of imports and erasures of id tags. */
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
  /** Deletes a tag and stores the job that erases it elsewhere. Null: no such tag. */
  acceptErasure(
    organizationId: string,
    tagId: string,
    job: { id: string; pseudonym: string; now: Date },
  ): Promise<{ start: TagJobStart; effects: TagBatch; update: TagUpdate } | null>;
  /** Id of the job that erases or erased a tag; null: there is none. */
  erasureOf(organizationId: string, tagId: string): Promise<string | null>;
  /** The next `limit` chargers of an erasure; null: it is done. */
  erasurePart(organizationId: string, jobId: string, limit: number): Promise<ErasurePart | null>;
  /** Erases the tag from what Postgres holds of these chargers, and moves on to the next. Idempotent. */
  erase(organizationId: string, jobId: string, part: ErasurePart, now: Date): Promise<void>;
  /** Ends a job that has nothing left to do. */
  finish(organizationId: string, jobId: string, now: Date): Promise<void>;
  /** Null: no such job. */
  get(organizationId: string, jobId: string): Promise<TagJob | null>;
  /** Jobs that made no progress for two minutes. Raises their attempt. Deletes jobs that ended 30 days ago. */
  stuck(now: Date): Promise<TagJobStart[]>;
}
