import { UnreadableRow } from "../errors.ts";
import type { ItemError, Ports, ProvisioningWork } from "../ports.ts";
import { hostOf, sessionRefOf, stationOf } from "./station.ts";
import { withdraw } from "./withdraw.ts";
import type { WorkAhead } from "./dispatch-slice.ts";

/** A step never holds its flow-control slot longer than this for a silent central system. */
const BOOT_WAIT_MS = 10_000;

/** The station was not accepted in time; the next attempt asks its host again. */
export class NotAcceptedYet extends Error {
  constructor() {
    super("CHARGER_NOT_ACCEPTED_YET");
  }
}

type Needs = Pick<Ports, "jobs" | "sessions" | "simulators" | "ids" | "clock">;

/**
 * The whole work of one charger's run; every part may be repeated. A charger that is settled, deleted or of another
 * job is left alone.
 *
 * @throws NotAcceptedYet (try again), Unavailable (an outage of ours: try again)
 */
export async function provisionCharger(
  ports: Needs,
  ahead: WorkAhead,
  jobId: string,
  chargerId: string,
): Promise<void> {
  const known = ahead.take(jobId, chargerId, ports.clock.now().getTime());
  const work = known ?? (await ports.jobs.work(jobId, chargerId));
  if (work === null) {
    // Settled by an earlier attempt that may have died before it closed the job.
    await ports.jobs.close(jobId, ports.clock.now());
    return;
  }
  const error =
    work.runtime === "simulated" ? await startStation(ports, work) : await openSession(ports, work);
  await settleCharger(ports, jobId, work, error);
}

/** Marks a charger and, if it was the last, its job. A failed charger keeps no session, station or credential. */
export async function settleCharger(
  ports: Pick<Ports, "jobs" | "sessions" | "simulators" | "clock">,
  jobId: string,
  work: ProvisioningWork,
  error: ItemError | null,
): Promise<void> {
  const now = ports.clock.now();
  if (error !== null) await withdraw(ports, work);
  const settled = error
    ? await ports.jobs.fail(jobId, work.chargerId, error, now)
    : await ports.jobs.succeed(jobId, work.chargerId, now);
  // Deleted or given up while it was being provisioned: nothing may stay behind.
  if (!settled.moved && error === null && !(await ports.jobs.isReady(work.chargerId)))
    await withdraw(ports, work);
  if (settled.maybeLast) await ports.jobs.close(jobId, now);
}

async function openSession(ports: Needs, work: ProvisioningWork): Promise<null> {
  await ports.sessions.prepare(sessionRefOf(work), {
    chargerId: work.chargerId,
    organizationId: work.organizationId,
    createdAtMs: work.createdAt.getTime(),
    securityProfile: work.securityProfile,
    registrationStatus: work.registrationStatus,
    // Nobody learns this key: the owner gets one from the authorization-key endpoint. It only closes the door.
    authorizationKey: ports.ids.hex(20),
    tagPolicy: work.tagPolicy,
  });
  return null;
}

async function startStation(ports: Needs, work: ProvisioningWork): Promise<ItemError | null> {
  const outcome = await ports.simulators.start(hostOf(work), stationOf(work), BOOT_WAIT_MS);
  if (outcome.kind === "waiting") throw new NotAcceptedYet();
  return outcome.kind === "failed" ? outcome.error : null;
}

const BOOT_TIMEOUT: ItemError = {
  code: "BOOT_TIMEOUT",
  message: "The CSMS did not accept the BootNotification within 90 s",
  retryable: true,
};
const INTERNAL: ItemError = {
  code: "INTERNAL",
  message: "Provisioning failed unexpectedly",
  retryable: true,
};

/** Why a charger's run gave up, in the words its step threw; `outage` also covers an engine that got no answer. */
export type RunFailure = "notAccepted" | "outage" | "unexpected";

/**
 * The run of one charger used up its retries. An outage of our own parts does not fail a charger: it stays open for
 * the sweeper. Repeating it changes nothing.
 */
export async function failCharger(
  ports: Pick<Ports, "jobs" | "sessions" | "simulators" | "clock">,
  jobId: string,
  chargerId: string,
  failure: RunFailure,
): Promise<void> {
  if (failure === "outage") return;
  const error = failure === "notAccepted" ? BOOT_TIMEOUT : INTERNAL;
  const work = await ports.jobs.work(jobId, chargerId).catch((reason: unknown) => {
    if (reason instanceof UnreadableRow) return reason;
    throw reason;
  });
  if (work instanceof UnreadableRow) {
    // Nothing was ever started for it.
    const { maybeLast } = await ports.jobs.fail(jobId, chargerId, error, ports.clock.now());
    if (maybeLast) await ports.jobs.close(jobId, ports.clock.now());
  } else if (work !== null) await settleCharger(ports, jobId, work, error);
}
