import type { ItemError, Ports, ProvisioningWork, RecordVersion } from "../ports.ts";
import type { OcppVersion } from "../ocpp/version.ts";

/** A step never holds its flow-control slot longer than this for a silent central system. */
const BOOT_WAIT_MS = 10_000;

/** The station was not accepted in time; the next attempt asks its host again. */
export class NotAcceptedYet extends Error {
  constructor() {
    super("CHARGER_NOT_ACCEPTED_YET");
  }
}

const WIRE_VERSION: Record<RecordVersion, OcppVersion> = {
  "OCPP1.6": "ocpp1.6",
  "OCPP2.0.1": "ocpp2.0.1",
  "OCPP2.1": "ocpp2.1",
};

type Needs = Pick<Ports, "jobs" | "sessions" | "simulators" | "ids" | "clock">;

/**
 * The whole work of one charger's run; every part may be repeated. A charger that is settled, deleted or of another
 * job is left alone.
 *
 * @throws NotAcceptedYet (try again), Unavailable (an outage of ours: try again)
 */
export async function provisionCharger(ports: Needs, jobId: string, chargerId: string): Promise<void> {
  const work = await ports.jobs.work(jobId, chargerId);
  if (work === null) {
    // Settled by an earlier attempt that may have died before it closed the job.
    await ports.jobs.close(jobId, ports.clock.now());
    return;
  }
  const error =
    work.runtime === "simulated" ? await startStation(ports, work) : await openSession(ports, work);
  await settleCharger(ports, work, error);
}

/** Marks a charger and, if it was the last, its job. A failed charger keeps no session, station or credential. */
export async function settleCharger(
  ports: Pick<Ports, "jobs" | "sessions" | "simulators" | "clock">,
  work: ProvisioningWork,
  error: ItemError | null,
): Promise<void> {
  const now = ports.clock.now();
  if (error !== null) await withdraw(ports, work);
  const settled = error
    ? await ports.jobs.fail(work.jobId, work.chargerId, error, now)
    : await ports.jobs.succeed(work.jobId, work.chargerId, now);
  // Deleted while it was being provisioned: nothing may stay behind.
  if (!settled.moved && error === null) await withdrawIfGone(ports, work);
  if (settled.maybeLast) await ports.jobs.close(work.jobId, now);
}

async function openSession(ports: Needs, work: ProvisioningWork): Promise<null> {
  await ports.sessions.provision(sessionRef(work), {
    chargerId: work.chargerId,
    organizationId: work.organizationId,
    createdAtMs: work.createdAt.getTime(),
    securityProfile: work.securityProfile,
    registrationStatus: "Accepted",
    // Nobody learns this key: the owner gets one from the authorization-key endpoint. It only closes the door.
    authorizationKey: ports.ids.hex(20),
  });
  return null;
}

async function startStation(ports: Needs, work: ProvisioningWork): Promise<ItemError | null> {
  const station = {
    chargerId: work.chargerId,
    organizationId: work.organizationId,
    organizationSlug: work.organizationSlug,
    identity: work.identity,
    createdAtMs: work.createdAt.getTime(),
    version: WIRE_VERSION[work.ocppVersion ?? "OCPP1.6"],
    connectors: work.numberOfConnectors ?? 1,
    vendor: work.vendorName ?? "Busbar",
    model: work.model ?? "Simulator",
    maxPowerW: work.maxChargingPower ?? 22_000,
    wsUrl: work.wsUrl,
    securityProfile: work.securityProfile,
  };
  const outcome = await ports.simulators.start(hostOf(work), station, BOOT_WAIT_MS);
  if (outcome.kind === "waiting") throw new NotAcceptedYet();
  return outcome.kind === "failed" ? outcome.error : null;
}

async function withdraw(
  ports: Pick<Ports, "sessions" | "simulators">,
  work: ProvisioningWork,
): Promise<void> {
  if (work.runtime === "simulated") await ports.simulators.remove(hostOf(work), work.chargerId);
  await ports.sessions.retire(sessionRef(work));
}

async function withdrawIfGone(
  ports: Pick<Ports, "jobs" | "sessions" | "simulators">,
  work: ProvisioningWork,
): Promise<void> {
  const gone = await ports.jobs.isGone(work.chargerId);
  if (gone) await withdraw(ports, work);
}

function sessionRef(work: ProvisioningWork) {
  return { organizationSlug: work.organizationSlug, identity: work.identity, chargerId: work.chargerId };
}

function hostOf(work: ProvisioningWork): string {
  return work.simulatorHost ?? `${work.jobId}/0`;
}
