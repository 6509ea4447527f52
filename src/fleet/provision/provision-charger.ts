import { UnreadableRow } from "../../errors.ts";
import type { ItemError, Ports, ProvisioningWork } from "../../ports.ts";
import { hostOf, sessionRefOf, stationOf } from "../objects/station.ts";
import { withdraw } from "../objects/withdraw.ts";
import type { PrefetchedWork } from "./dispatch-slice.ts";

/** How long a step waits for an accepted boot: it holds a flow-control slot while it waits. */
const BOOT_WAIT_MS = 10_000;

/** The boot was not accepted within the wait. The step is retried and asks the host again. */
export class NotAcceptedYet extends Error {
  constructor() {
    super("CHARGER_NOT_ACCEPTED_YET");
  }
}

type Needs = Pick<Ports, "jobs" | "sessions" | "simulators" | "ids" | "clock">;

/**
 * Provisions one charger and settles it: the whole work of its run. Idempotent. Nothing is done for a charger that is
 * settled, deleted or of another job.
 *
 * @throws NotAcceptedYet, Unavailable; both are retried
 */
export async function provisionCharger(
  ports: Needs,
  prefetched: PrefetchedWork,
  jobId: string,
  chargerId: string,
): Promise<void> {
  const known = prefetched.take(jobId, chargerId, ports.clock.now().getTime());
  const work = known ?? (await ports.jobs.work(jobId, chargerId));
  if (work === null) {
    // An earlier attempt settled it and may have ended before it closed the job.
    await ports.jobs.close(jobId, ports.clock.now());
    return;
  }
  const error =
    work.runtime === "simulated" ? await startStation(ports, work) : await openSession(ports, work);
  await settleCharger(ports, jobId, work, error);
}

/**
 * Sets a charger READY (error null) or FAILED, and closes its job if it was the last. The session, station and
 * credential of a failed charger are removed.
 */
async function settleCharger(
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
  // The charger was deleted or failed while it was provisioned: remove its session and station.
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
    // A random key that nobody learns, so that nobody can log in. The owner gets a key from the authorization-key
    // endpoint.
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

/**
 * Why the run of a charger failed, as its step threw it. "outage": a dependency of ours, or the engine got no answer.
 */
export type RunFailure = "notAccepted" | "outage" | "unexpected";

/**
 * Fails the charger of a run that has used up its retries. After an outage of our own the charger stays PENDING, and
 * the sweeper starts another run. Idempotent.
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
    // Its row could not be parsed, so neither a session nor a simulated station was started.
    const { maybeLast } = await ports.jobs.fail(jobId, chargerId, error, ports.clock.now());
    if (maybeLast) await ports.jobs.close(jobId, ports.clock.now());
  } else if (work !== null) await settleCharger(ports, jobId, work, error);
}
