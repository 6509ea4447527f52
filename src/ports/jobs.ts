import type { Organization } from "./access.ts";
import type { EffectBatch } from "./chargers.ts";
import type {
  Charger,
  ItemError,
  ProvisioningStatus,
  RecordVersion,
  RegistrationStatus,
  Runtime,
  SecurityProfile,
} from "./charger.ts";
import type { UnknownTagPolicy } from "./sessions.ts";
import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";

/** Shared properties of the chargers of one group of a batch, catalog values filled in. */
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

export interface NewCharger {
  id: string;
  identity: string;
  name: string | null;
  /** Index into the blueprints of the request. */
  group: number;
  /** The identity ends in a random suffix and may be drawn again. */
  random: boolean;
}

export interface BatchAccept {
  jobId: string;
  organization: Organization;
  locationId: string;
  type: "location_chargers_create" | "charger_create";
  blueprints: ChargerBlueprint[];
  /** In request order; the index is the sequence number. */
  chargers: NewCharger[];
  now: Date;
  claim: IdempotencyClaim | null;
  /** Recorded for a repeat: the answer once the run is published, and the answer when no run is needed. */
  recordPublished: RecordedResponse;
  recordUnpublished: RecordedResponse;
}

export interface BatchAccepted {
  /** Chargers stored and waiting for provisioning. */
  open: number;
  /** Random identities that exist already: draw again with `redraw`. */
  clashes: number[];
}

export interface JobProgress {
  total: number;
  created: number;
  failed: number;
  pending: number;
}

export interface JobFailure {
  seq: number;
  identity: string;
  chargerId: string | null;
  error: ItemError;
}

export interface Job {
  id: string;
  type: string;
  status: ProvisioningStatus;
  workflowRunId: string | null;
  error: ItemError | null;
  provisionedAt: Date | null;
  progress: JobProgress;
  /** Null until the job is terminal. */
  results: { created: Charger[]; failed: JobFailure[] } | null;
}

/** What a provisioning step needs to know of its charger. */
export interface ProvisioningWork {
  chargerId: string;
  /** Null: registered over /api/v1. */
  jobId: string | null;
  organizationId: string;
  organizationSlug: string;
  identity: string;
  createdAt: Date;
  ocppVersion: RecordVersion | null;
  numberOfConnectors: number | null;
  maxChargingPower: number | null;
  vendorName: string | null;
  model: string | null;
  wsUrl: string | null;
  runtime: Runtime;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  simulatorHost: string | null;
  desiredCount: number;
  tagPolicy: UnknownTagPolicy;
}

export interface StuckJob {
  id: string;
  organizationId: string;
  type: string;
  total: number;
  /** The open charger of a single create, which has no dispatcher; null: a batch, or nothing is open. */
  chargerId: string | null;
  /** Of the run that has to be published. */
  attempt: number;
  /** republish: never seen by the engine, same run id. retry: next attempt, new run id. giveUp: no attempt is left. */
  action: "republish" | "retry" | "giveUp";
}

/** `moved` false: it was settled already. `maybeLast`: the job may be complete, call `close`. */
export interface Settled {
  moved: boolean;
  maybeLast: boolean;
}

/** `work` is null when the row cannot be read: that is the trouble of its own run, not of its slice. */
export interface OpenCharger {
  seq: number;
  chargerId: string;
  organizationId: string;
  work: ProvisioningWork | null;
}

/** Which batch a request means. */
export interface JobRef {
  organizationId: string;
  locationId: string;
  jobId: string;
}

export interface JobStore {
  /** Fails what is open with CANCELLED and closes the job. Null: no such job. A finished one stays as it is. */
  cancel(
    job: JobRef,
    batchId: string,
    now: Date,
  ): Promise<{ attempt: number; effects: EffectBatch | null } | null>;
  /**
   * Opens the failed chargers of a finished job that may be tried again. `open`: the job is not finished; `nothing`: none of its
   * failed chargers can be tried again. Null: no such job.
   */
  retry(
    job: JobRef,
    now: Date,
  ): Promise<{ state: "opened" | "open" | "nothing"; attempt: number; total: number } | null>;
  /** One statement: idempotency claim, job, chargers, rejections. @throws NotFound, Conflict (single create only), IdempotencyMismatch, IdempotencyInFlight */
  accept(batch: BatchAccept): Promise<Claimed<BatchAccepted>>;
  /** What a request with this claim would be answered before anything else; null: its key is free. @throws IdempotencyMismatch, IdempotencyInFlight */
  recorded(organizationId: string, claim: IdempotencyClaim, now: Date): Promise<RecordedResponse | null>;
  /** Second statement for random identities that clashed: new identities for the given sequence numbers. Returns those that clash again. */
  redraw(batch: BatchAccept, chargers: Array<NewCharger & { seq: number }>): Promise<number[]>;
  /** The publish failed: run id null again, also in the recorded answer. */
  markUnpublished(batch: BatchAccept): Promise<void>;
  /** Moves the job to PROVISIONING and lists the open chargers of one slice, `[from, to)`. */
  openSlice(jobId: string, from: number, to: number): Promise<OpenCharger[]>;
  /** Null when the charger is settled, deleted, or of another job. @throws UnreadableRow */
  work(jobId: string, chargerId: string): Promise<ProvisioningWork | null>;
  /** PENDING → READY. */
  succeed(jobId: string, chargerId: string, now: Date): Promise<Settled>;
  fail(jobId: string, chargerId: string, error: ItemError, now: Date): Promise<Settled>;
  /** Closes the job if nothing of it is open. Must run after the commit of the charger's own change. */
  close(jobId: string, now: Date): Promise<boolean>;
  /** False: deleted, replaced or given up while it was being provisioned. */
  isReady(chargerId: string): Promise<boolean>;
  /** Fails what is open. A job of which nothing ever succeeded or failed was never run: the job itself is FAILED then. */
  giveUp(jobId: string, errors: { neverStarted: ItemError; unfinished: ItemError }, now: Date): Promise<void>;
  get(organizationId: string, locationId: string, jobId: string): Promise<Job | null>;
  /** Those of the subjects of runs that belong to the organisation, and whom they concern. */
  ownSubjects(
    organizationId: string,
    subjects: Array<{ subjectId: string; seq: number | null }>,
  ): Promise<Array<{ subjectId: string; seq: number | null; jobId: string | null; identity: string | null }>>;
  /** False: another pass of the sweeper has the lock. */
  beginSweep(now: Date): Promise<boolean>;
  /** Closes complete jobs of all organisations and forgets idempotency keys whose time is over. */
  closeComplete(now: Date): Promise<void>;
  /** Jobs of all organisations whose runs are lost, bounded. Changes nothing. */
  stuck(now: Date): Promise<StuckJob[]>;
  /** The engine took the run of a stuck job: its attempt counts, and its time starts anew. */
  revived(job: StuckJob, now: Date): Promise<void>;
}
