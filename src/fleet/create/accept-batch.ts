import type {
  Background,
  BatchAccept,
  IdempotencyClaim,
  NewCharger,
  Organization,
  Ports,
  RecordedResponse,
} from "../../ports.ts";
import type { ChargerBlueprint } from "../../ports.ts";
import { LimitReached, MaybeStored, Unavailable } from "../../errors.ts";
import { publishInTime } from "../publish.ts";
import { Turns } from "./turns.ts";

/** A validated batch of one location. */
export interface AcceptBatch {
  organization: Organization;
  locationId: string;
  blueprints: ChargerBlueprint[];
  /** In the order of the request, at most 10,000. */
  chargers: NewCharger[];
  claim: IdempotencyClaim | null;
  background: Background;
}

/** The 202 answer; `replayed`: recorded by an earlier request with the same key. */
export type Accepted = RecordedResponse & { replayed: boolean };

const RANDOM_SUFFIX_LENGTH = 8;
const REDRAWS_MAX = 5;

/** Longest wait for the organisation's previous batch. It adds to the deadline of the database, so it is short. */
const TURN_PATIENCE_MS = 1_000;
/**
 * One batch statement per organisation and isolate at a time: they are the heaviest statements, and fifty at once
 * would delay other organisations.
 */
const turns = new Turns(TURN_PATIENCE_MS);

/**
 * Stores a batch with one statement and starts its dispatcher run with one publish, whatever its size. `render` makes
 * the 202 answer, for a published job and for one that is not published yet.
 *
 * @throws NotFound: the location is unknown. Unavailable: nothing was stored. LimitReached, IdempotencyMismatch,
 * IdempotencyInFlight
 */
export async function acceptBatch(
  ports: Pick<Ports, "jobs" | "runs" | "ids" | "clock">,
  input: AcceptBatch,
  render: (job: { jobId: string; published: boolean }) => RecordedResponse,
): Promise<Accepted> {
  const { background, ...request } = input;
  const jobId = ports.ids.uuid();
  const batch: BatchAccept = {
    ...request,
    jobId,
    type: "location_chargers_create",
    now: ports.clock.now(),
    recordPublished: render({ jobId, published: true }),
    recordUnpublished: render({ jobId, published: false }),
  };
  const result = await turns.take(batch.organization.id, () => ports.jobs.accept(batch));
  if (result.kind === "replayed") return { ...result.response, replayed: true };
  const redrawn = await redrawClashes(ports, batch, result.value.clashes);
  const unpublish = () => ports.jobs.markUnpublished(batch);
  if (result.value.open + redrawn === 0) {
    // Every identity is taken: the job is complete and needs no run.
    if (batch.claim) background(unpublish());
    return { ...batch.recordUnpublished, replayed: false };
  }
  const job = { id: jobId, organizationId: batch.organization.id, total: batch.chargers.length, attempt: 0 };
  const dispatch = () => ports.runs.dispatch(job);
  const published = await publishInTime(dispatch, unpublish, background);
  return { ...(published ? batch.recordPublished : batch.recordUnpublished), replayed: false };
}

/**
 * Replaces random identities that are taken by new ones. Returns the number of chargers stored, those included of
 * which it is unknown.
 */
async function redrawClashes(
  ports: Pick<Ports, "jobs" | "ids">,
  batch: BatchAccept,
  clashes: number[],
): Promise<number> {
  let open = clashes;
  for (let round = 0; open.length > 0 && round < REDRAWS_MAX; round += 1) {
    const again = open.flatMap((seq) => {
      const charger = batch.chargers[seq];
      return charger ? [{ ...drawSuffix(charger, ports.ids.hex(RANDOM_SUFFIX_LENGTH / 2)), seq }] : [];
    });
    try {
      open = await ports.jobs.redraw(batch, again);
    } catch (error) {
      // The charger limit is reached: the remaining chargers stay rejected in the job, which is stored already.
      if (error instanceof LimitReached) break;
      if (!(error instanceof Unavailable)) throw error;
      // The batch is stored, so the request must succeed. Chargers whose statement has an unknown result are left to
      // the run.
      return clashes.length - open.length + (error instanceof MaybeStored ? open.length : 0);
    }
  }
  return clashes.length - open.length;
}

function drawSuffix(charger: NewCharger, suffix: string): NewCharger {
  const swap = (text: string) => text.slice(0, -RANDOM_SUFFIX_LENGTH) + suffix;
  return {
    ...charger,
    identity: swap(charger.identity),
    name: charger.name === null ? null : swap(charger.name),
  };
}
