import type { Organization } from "./access.ts";
import type {
  Charger,
  ItemError,
  ProvisioningStatus,
  ProvisioningWork,
  RecordVersion,
  Runtime,
} from "./charger.ts";
import type { EffectBatch } from "./effects.ts";
import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";

/**
 * Charger runs of one organisation that may settle at the same time: the largest `PROVISION_PARALLELISM`. The last one
 * closes its job, which is found by counting up to so many others that are open (docs/adr/0003).
 */
export const PARALLEL_RUNS_MAX = 200;

/**
 * Properties shared by all chargers of one group of a batch. Values that the request left out come from the catalog.
 */
export interface ChargerBlueprint {
  brandSlug: string;
  modelSlug: string;
  vendorName: string;
  model: string;
  imageUrl: string | null;
  ocppVersion: RecordVersion;
  numberOfConnectors: number | null;
  maxChargingPower: number | null;
  connectorType: string | null;
  wsUrl: string | null;
  runtime: Runtime;
  locationName: string | null;
}

/** One charger of a batch before it is stored. */
export interface NewCharger {
  id: string;
  identity: string;
  name: string | null;
  /** Index into the blueprints of the request. */
  group: number;
  /** True: the identity ends in a random suffix, and a taken one is replaced by another draw. */
  random: boolean;
}

/** A batch to be stored: one job with its chargers. */
export interface BatchAccept {
  jobId: string;
  organization: Organization;
  locationId: string;
  type: "location_chargers_create" | "charger_create";
  blueprints: ChargerBlueprint[];
  /** In the order of the request; the index is the sequence number in the job. */
  chargers: NewCharger[];
  now: Date;
  claim: IdempotencyClaim | null;
  /** Answer recorded for the claim when chargers were stored: it names the run. */
  recordPublished: RecordedResponse;
  /** The same answer without a run id, recorded when the publish of the run failed. */
  recordUnpublished: RecordedResponse;
}

/** Result of `JobStore.accept`. */
export interface BatchAccepted {
  /** Number of chargers stored as PENDING. */
  open: number;
  /** Sequence numbers of random identities that are taken: call `redraw`. */
  clashes: number[];
}

/** Numbers of chargers of a job; created + failed + pending = total. */
export interface JobProgress {
  total: number;
  created: number;
  failed: number;
  pending: number;
}

/** A charger of a job that failed. `chargerId` null: it was rejected and never stored. */
export interface JobFailure {
  seq: number;
  identity: string;
  chargerId: string | null;
  error: ItemError;
}

/** A job as its status URL shows it. */
export interface Job {
  id: string;
  type: string;
  status: ProvisioningStatus;
  workflowRunId: string | null;
  error: ItemError | null;
  provisionedAt: Date | null;
  progress: JobProgress;
  /** Sum of the revisions of the created chargers, which only grow; null until the job is READY or FAILED. */
  revision: number | null;
  /** Null until the job is READY or FAILED. */
  results: { created: Charger[]; failed: JobFailure[] } | null;
}

/** A job whose run is lost, found by the sweeper. */
export interface StuckJob {
  id: string;
  organizationId: string;
  type: string;
  total: number;
  /** The open charger of a single create, whose run is published directly; null: a batch, or no open charger. */
  chargerId: string | null;
  /** Attempt number of the run to publish. */
  attempt: number;
  /**
   * "republish": no run has started, publish the same run id. "retry": publish the next attempt under a new run id.
   * "giveUp": all attempts are used.
   */
  action: "republish" | "retry" | "giveUp";
}

/**
 * Result of settling a charger. `moved` false: it was READY, FAILED or deleted before. `maybeLast` true: the job may
 * be complete, call `close`.
 */
export interface Settled {
  moved: boolean;
  maybeLast: boolean;
}

/**
 * A PENDING charger of a slice. `work` null: its row does not match the schema; its own run reports that, the slice
 * goes on.
 */
export interface OpenCharger {
  seq: number;
  chargerId: string;
  organizationId: string;
  work: ProvisioningWork | null;
}

/** The job of a request. The job must belong to the organisation and to the location. */
export interface JobRef {
  organizationId: string;
  locationId: string;
  jobId: string;
}

/** Storage of jobs and of the provisioning state of their chargers. */
export interface JobStore {
  /**
   * Fails all PENDING chargers with code CANCELLED and closes the job. A finished job is left unchanged. Null: no
   * such job.
   */
  cancel(
    job: JobRef,
    batchId: string,
    now: Date,
  ): Promise<{ attempt: number; effects: EffectBatch | null } | null>;
  /**
   * Sets the retryable failed chargers of a finished job back to PENDING. "open": the job is not finished. "nothing":
   * no failed charger is retryable. Null: no such job.
   */
  retry(
    job: JobRef,
    now: Date,
  ): Promise<{ state: "opened" | "open" | "nothing"; attempt: number; total: number } | null>;
  /**
   * Stores claim, job, chargers and rejected identities in one statement. @throws NotFound: the location is unknown.
   * Conflict: the identity of a single create is taken. LimitReached, IdempotencyMismatch, IdempotencyInFlight
   */
  accept(batch: BatchAccept): Promise<Claimed<BatchAccepted>>;
  /** Recorded answer of this claim; null: the key is free. @throws IdempotencyMismatch, IdempotencyInFlight */
  recorded(organizationId: string, claim: IdempotencyClaim, now: Date): Promise<RecordedResponse | null>;
  /**
   * Stores new identities for the sequence numbers that `accept` returned in `clashes`. Returns the sequence numbers
   * that clash again.
   */
  redraw(batch: BatchAccept, chargers: Array<NewCharger & { seq: number }>): Promise<number[]>;
  /** Call when the publish of the run failed: removes the run id from the job and from the recorded answer. */
  markUnpublished(batch: BatchAccept): Promise<void>;
  /** Sets the job to PROVISIONING and returns its PENDING chargers with sequence numbers in `[from, to)`. */
  openSlice(jobId: string, from: number, to: number): Promise<OpenCharger[]>;
  /** Reads a PENDING charger of the job. Null: it is settled, deleted or of another job. @throws UnreadableRow */
  work(jobId: string, chargerId: string): Promise<ProvisioningWork | null>;
  /** Sets a PENDING charger READY, by compare-and-set. */
  succeed(jobId: string, chargerId: string, now: Date): Promise<Settled>;
  /** Sets a PENDING charger FAILED, by compare-and-set. */
  fail(jobId: string, chargerId: string, error: ItemError, now: Date): Promise<Settled>;
  /**
   * Closes the job if it has no PENDING charger. Call it after the change of the charger is committed. True: this
   * call closed it.
   */
  close(jobId: string, now: Date): Promise<boolean>;
  /** False: the charger was deleted, replaced or failed while it was being provisioned. */
  isReady(chargerId: string): Promise<boolean>;
  /**
   * Fails all PENDING chargers and closes the job. A job without any settled charger never ran and becomes FAILED
   * itself.
   */
  giveUp(jobId: string, errors: { neverStarted: ItemError; unfinished: ItemError }, now: Date): Promise<void>;
  /** Null: no such job in this location. */
  get(organizationId: string, locationId: string, jobId: string): Promise<Job | null>;
  /**
   * Like `get`, but a running job may be a second old. A change of its status by this isolate shows at once. `isKnown`: whether
   * the caller knows the results of a job in this state, which are not read then; `results` is null.
   */
  poll(ref: JobRef, now: Date, isKnown: (state: Omit<Job, "results">) => boolean): Promise<Job | null>;
  /**
   * Of the given subjects of runs (a job, a charger, a batch of effects), those of this organisation, with their job
   * and identity.
   */
  ownSubjects(
    organizationId: string,
    subjects: Array<{ subjectId: string; seq: number | null }>,
  ): Promise<Array<{ subjectId: string; seq: number | null; jobId: string | null; identity: string | null }>>;
  /** Takes the sweeper's lock. False: another pass holds it. */
  beginSweep(now: Date): Promise<boolean>;
  /** Closes complete jobs of all organisations and deletes expired idempotency keys. */
  closeComplete(now: Date): Promise<void>;
  /** Jobs of all organisations whose runs are lost, a bounded number per call. Reads only. */
  stuck(now: Date): Promise<StuckJob[]>;
  /** Call when the engine has accepted the run of a stuck job: stores its attempt and restarts its timeout. */
  revived(job: StuckJob, now: Date): Promise<void>;
}
