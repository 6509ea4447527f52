import type {
  Background,
  BatchAccept,
  ChargerBlueprint,
  IdempotencyClaim,
  Organization,
  Ports,
  RecordedResponse,
} from "../../ports.ts";
import type { Accepted } from "./accept-batch.ts";
import { publishInTime } from "../publish.ts";

/** A validated single create in one location. */
export interface AcceptCharger {
  organization: Organization;
  locationId: string;
  blueprint: ChargerBlueprint;
  identity: string;
  name: string | null;
  claim: IdempotencyClaim | null;
  background: Background;
}

/**
 * Stores one charger with one statement and starts its run with one publish, without a dispatcher.
 *
 * @throws NotFound: the location is unknown. Conflict: the identity is taken. LimitReached, IdempotencyMismatch,
 * IdempotencyInFlight, Unavailable
 */
export async function acceptCharger(
  ports: Pick<Ports, "jobs" | "runs" | "ids" | "clock">,
  input: AcceptCharger,
  render: (charger: {
    chargerId: string;
    identity: string;
    jobId: string;
    published: boolean;
  }) => RecordedResponse,
): Promise<Accepted> {
  const { organization, locationId, identity, claim, background } = input;
  const jobId = ports.ids.uuid();
  const chargerId = ports.ids.uuid();
  const batch: BatchAccept = {
    jobId,
    organization,
    locationId,
    type: "charger_create",
    blueprints: [input.blueprint],
    chargers: [{ id: chargerId, identity, name: input.name, group: 0, random: false }],
    now: ports.clock.now(),
    claim,
    recordPublished: render({ chargerId, identity, jobId, published: true }),
    recordUnpublished: render({ chargerId, identity, jobId, published: false }),
  };
  const result = await ports.jobs.accept(batch);
  if (result.kind === "replayed") return { ...result.response, replayed: true };
  const published = await publishInTime(
    () =>
      ports.runs.provision({ id: jobId, organizationId: organization.id, attempt: 0 }, [
        { chargerId, seq: 0 },
      ]),
    () => ports.jobs.markUnpublished(batch),
    background,
  );
  return { ...(published ? batch.recordPublished : batch.recordUnpublished), replayed: false };
}
