import { UnreadableRow } from "../errors.ts";
import type { ItemError, Ports } from "../ports.ts";
import { settleCharger } from "./provision-charger.ts";

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
