import type { ItemError } from "../../../ports.ts";
import type { BootOutcome } from "../../../simulator/station/turn.ts";
import type { DialOutcome } from "../dial/dial-outcome.ts";

const rejected = (message: string): ItemError => ({ code: "CSMS_REJECTED", message, retryable: false });

export const CAPACITY: ItemError = {
  code: "CAPACITY",
  message: "No simulator capacity is left on this host",
  retryable: true,
};

const NO_BOOT: ItemError = {
  code: "BOOT_TIMEOUT",
  message: "The CSMS did not accept the BootNotification in time",
  retryable: true,
};

const BOOT_REJECTED: ItemError = {
  code: "BOOT_REJECTED",
  message: "The CSMS rejected the BootNotification",
  retryable: true,
};

/** Close codes of a central system that refuses this station. */
function isPolicyClose(code: number): boolean {
  return [1002, 1003, 1008, 3000, 3003].includes(code) || (code >= 4000 && code <= 4999);
}

/**
 * Collects errors up to the first accepted boot. `dialed` and `closed` return an error that ends provisioning at once.
 * `atDeadline` returns the error at the deadline; null if only a part of this deployment is the cause.
 */
export class ProvisioningVerdict {
  readonly #isOwnSocket: boolean;
  #atDeadline: ItemError | null = NO_BOOT;
  /** Consecutive dials without an answer. */
  #unanswered: { attempts: number; sinceMs: number } | null = null;

  constructor(isOwnSocket: boolean) {
    this.#isOwnSocket = isOwnSocket;
  }

  atDeadline(nowMs: number): ItemError | null {
    const error = this.#atDeadline;
    if (error?.code !== "CSMS_UNREACHABLE" || !this.#unanswered) return error;
    const { attempts, sinceMs } = this.#unanswered;
    const seconds = Math.max(1, Math.round((nowMs - sinceMs) / 1000));
    const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
    return { ...error, message: `${error.message} after ${tries} in ${seconds} s` };
  }

  /** Error that ends provisioning now, else null. `dialedAtMs`: start of the dial. */
  dialed(outcome: DialOutcome, dialedAtMs: number): ItemError | null {
    const { attempts = 0, sinceMs = dialedAtMs } = this.#unanswered ?? {};
    this.#unanswered = outcome.kind === "open" ? null : { attempts: attempts + 1, sinceMs };
    if (outcome.kind === "open") {
      this.#atDeadline = NO_BOOT;
      return null;
    }
    if (outcome.kind === "forbidden") {
      return { code: "WS_URL_FORBIDDEN", message: outcome.message, retryable: false };
    }
    if (outcome.kind === "unreachable") {
      const { message } = outcome;
      this.#atDeadline = this.#isOwnSocket ? null : { code: "CSMS_UNREACHABLE", message, retryable: true };
      return null;
    }
    this.#atDeadline = rejected(outcome.message);
    return this.#isOwnSocket ? null : this.#atDeadline;
  }

  booted(outcome: BootOutcome): void {
    this.#atDeadline = outcome === "rejected" || outcome === "failed" ? BOOT_REJECTED : NO_BOOT;
  }

  closed(code: number): ItemError | null {
    if (this.#isOwnSocket || !isPolicyClose(code)) return null;
    return rejected(`The CSMS closed the socket with ${code} before the boot`);
  }
}
