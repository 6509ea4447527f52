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
/** A station that has just connected boots first. */
const SETTLE_MS = 15_000;

/** When the alarm has to ring for it, epoch ms. */
export function leaseDueMs({ renewAtMs }: SettingsLease, { attachment }: LiveSocket): number {
  return Math.max(renewAtMs, attachment.connectedAtMs + SETTLE_MS);
}

/**
 * Renews the online layer from the session's own copy, so that a connected station never falls to its offline values,
 * whatever the rest of the system does. What a station refuses, or what no longer fits it, is left to a run, which finds
 * out why and says so.
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
    // Newer settings, or another charger.
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

/** It answered, and will not answer otherwise in a minute. */
function isRefused({ kind }: CommandOutcome): boolean {
  return kind === "answered" || kind === "stationError" || kind === "invalidAnswer";
}
