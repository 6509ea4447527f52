import type { WantedVendors } from "../../../ports.ts";
import type { AskVendors } from "../../tag-registries.ts";
import { logEvent } from "../storage/log-event.ts";
import type { SessionRecord } from "../storage/session-record.ts";

/** How long an answer of the registry is used. */
const FRESH_MS = 60_000;
/** How long the registry is not asked after it failed to answer, so that no message waits for it again. */
const PAUSE_MS = 5000;
/** Most organisations kept per isolate. */
const ORGANIZATIONS_MAX = 1000;

interface LastAnswer {
  /** Null: never known. */
  wanted: WantedVendors | null;
  nextAtMs: number;
}

/** Last answers by organisation, shared by the sessions of the isolate. */
const lastAnswers = new Map<string, LastAnswer>();

function remember(organizationId: string, answer: LastAnswer): void {
  if (lastAnswers.size >= ORGANIZATIONS_MAX) lastAnswers.clear();
  lastAnswers.set(organizationId, answer);
}

/**
 * Whose vendor messages webhooks of the organisation want, as its registry answers: fresh for a minute, and the last known answer
 * for when it cannot be asked. At first nobody wants any.
 */
export class VendorSubscriptions {
  readonly #ask: AskVendors;

  constructor(ask: AskVendors) {
    this.#ask = ask;
  }

  /** Call before a vendor message is handled, and await the promise, which never rejects; null: no wait is needed. */
  prepare(record: SessionRecord, nowMs: number): Promise<void> | null {
    const last = lastAnswers.get(record.organizationId);
    return nowMs < (last?.nextAtMs ?? 0) ? null : this.#fetch(record, last?.wanted ?? null, nowMs);
  }

  wants({ organizationId }: SessionRecord, vendorId: string): boolean {
    const wanted = lastAnswers.get(organizationId)?.wanted ?? null;
    return wanted === "all" || (wanted?.includes(vendorId) ?? false);
  }

  async #fetch(record: SessionRecord, known: WantedVendors | null, nowMs: number): Promise<void> {
    const { organizationId } = record;
    try {
      const wanted = await this.#ask(organizationId);
      // The registry is about to know: the next message asks again.
      if (wanted !== "unknown") remember(organizationId, { wanted, nextAtMs: nowMs + FRESH_MS });
    } catch (error) {
      remember(organizationId, { wanted: known, nextAtMs: Date.now() + PAUSE_MS });
      const reason = error instanceof Error ? error.message : "unknown";
      logEvent(record, "session.subscriptionsUnknown", { reason });
    }
  }
}
