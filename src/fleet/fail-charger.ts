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
  const work = await ports.jobs.work(jobId, chargerId);
  if (work === null) return;
  await settleCharger(ports, jobId, work, failure === "notAccepted" ? BOOT_TIMEOUT : INTERNAL);
}
