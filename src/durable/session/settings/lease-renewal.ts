import type { JsonObject } from "../../../ocpp/json.ts";
import type { CommandOutcome } from "../../../ports.ts";
import { RENEW_EVERY_MS } from "../../../settings/due.ts";
import type { SettingsLease } from "../../../ports.ts";
import { renewalPayloads } from "../../../settings/lease.ts";
import { LEASE_MS } from "../../../settings/profiles.ts";
import type { CommandChannel } from "../outbound/command-channel.ts";
import type { LiveSocket } from "../line/live-socket.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import { runningTransactions } from "../snapshot.ts";

const COMMAND_TIMEOUT_MS = 30_000;
const RETRY_MS = 60_000;
/** Wait after a connection, so that the station boots first. */
const SETTLE_MS = 15_000;

/** Epoch ms at which the lease is renewed. */
export function leaseDueMs({ renewAtMs }: SettingsLease, { attachment }: LiveSocket): number {
  return Math.max(renewAtMs, attachment.connectedAtMs + SETTLE_MS);
}

/**
 * Renews the lease from the session's own copy, so that a connected station does not fall back to its offline limit when the rest
 * of the system is down. If the station refuses it, or it no longer fits the station, the session drops it and a run finds out
 * why.
 */
export class LeaseRenewal {
  readonly #store: SessionStore;
  readonly #channel: Pick<CommandChannel, "run">;

  constructor(store: SessionStore, channel: Pick<CommandChannel, "run">) {
    this.#store = store;
    this.#channel = channel;
  }

  renew(record: SessionRecord, live: LiveSocket, nowMs: number): Promise<void> | null {
    const { lease } = record;
    if (!lease || nowMs < leaseDueMs(lease, live)) return null;
    const isOther = lease.version !== record.version || record.clockOffMs !== 0;
    if (isOther) {
      record.lease = null;
      this.#store.changed();
    }
    if (isOther || record.registration !== "Accepted") return null;
    lease.renewAtMs = nowMs + RETRY_MS;
    this.#store.changed();
    return this.#send(record, lease, nowMs);
  }

  async #send(record: SessionRecord, lease: SettingsLease, nowMs: number): Promise<void> {
    const running = runningTransactions(this.#store.transactions);
    const [layer, ...limits] = renewalPayloads(lease, running, new Date(nowMs));
    const outcome = await this.#set(layer);
    // Newer settings arrived, or another charger owns the session.
    if (this.#store.record !== record || record.lease !== lease) return;
    if (isTaken(outcome)) {
      lease.renewAtMs = nowMs + RENEW_EVERY_MS;
      this.#store.addFact(record, nowMs, { type: "lease", untilMs: nowMs + LEASE_MS });
    } else if (isRefused(outcome)) record.lease = null;
    this.#store.changed();
    if (isTaken(outcome)) for (const limit of limits) await this.#set(limit);
  }

  #set(payload: JsonObject): Promise<CommandOutcome> {
    return this.#channel.run({ kind: "call", action: "SetChargingProfile", payload }, COMMAND_TIMEOUT_MS);
  }
}

function isTaken(outcome: CommandOutcome): boolean {
  const { answer } = outcome.kind === "answered" ? outcome : { answer: null };
  return answer?.kind === "payload" && answer.payload.status === "Accepted";
}

/** Whether the station refused: a repeat in a minute would be refused too. */
function isRefused({ kind }: CommandOutcome): boolean {
  return kind === "answered" || kind === "stationError" || kind === "invalidAnswer";
}
