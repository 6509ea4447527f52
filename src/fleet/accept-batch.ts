import type {
  Background,
  BatchAccept,
  IdempotencyClaim,
  NewCharger,
  Organization,
  Ports,
  RecordedResponse,
} from "../ports.ts";
import type { ChargerBlueprint } from "../ports.ts";
import { LimitReached, MaybeStored, Unavailable } from "../errors.ts";
import { publishInTime } from "./publish.ts";
import { Turns } from "./turns.ts";

export interface AcceptBatch {
  organization: Organization;
  locationId: string;
  blueprints: ChargerBlueprint[];
  /** In request order, at most 10,000. */
  chargers: NewCharger[];
  claim: IdempotencyClaim | null;
  background: Background;
}

export type Accepted = RecordedResponse & { replayed: boolean };

const RANDOM_SUFFIX_LENGTH = 8;
const REDRAWS_MAX = 5;

/** Comes on top of what a database that hangs takes to be given up. */
const TURN_PATIENCE_MS = 1_000;
/** Batches are the heaviest statements there are: of each organisation one at a time in an isolate, or others wait for fifty. */
const turns = new Turns(TURN_PATIENCE_MS);

/**
 * Stores a batch and hands it to its dispatcher run: one statement and one publish, whatever its size.
 * `render` makes the 202 for a published job and for one that is not (yet).
 *
 * @throws NotFound (location), LimitReached, IdempotencyMismatch, IdempotencyInFlight, Unavailable (nothing was stored)
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
    // Every identity is taken: no run is needed, the job is complete already.
    if (batch.claim) background(unpublish());
    return { ...batch.recordUnpublished, replayed: false };
  }
  const job = { id: jobId, organizationId: batch.organization.id, total: batch.chargers.length, attempt: 0 };
  const dispatch = () => ports.runs.dispatch(job);
  const published = await publishInTime(dispatch, unpublish, background);
  return { ...(published ? batch.recordPublished : batch.recordUnpublished), replayed: false };
}

/** Random identities that the organisation has already are drawn again. Returns how many were stored, or may have been. */
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
      // What has no room any more stays rejected in the report of the job, which is stored already.
      if (error instanceof LimitReached) break;
      if (!(error instanceof Unavailable)) throw error;
      // The batch is stored and must be answered for. What may have been drawn all the same is left to its run.
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
