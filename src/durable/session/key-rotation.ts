import type { ChargerCommand } from "../../ocpp/commands.ts";
import type { RotationStatus } from "../../ports.ts";
import type { SessionCommandOutcome } from "./command-channel.ts";
import type { SessionRecord } from "./session-record.ts";
import { digestKey, newCredential, promoteNext, type StoredCredential } from "./credential.ts";

export interface KeyHolder {
  readonly credential: StoredCredential | null;
  store(credential: StoredCredential): void;
  /** Sends the key to the station; null when none is connected. */
  send(key: string): Promise<SessionCommandOutcome> | null;
}

type SetKey = Extract<ChargerCommand, { kind: "setAuthorizationKey" }>;

/** The key of the charger that a session belongs to now, if it is still the same one. */
export function keyHolder(session: {
  own(): SessionRecord | null;
  save(record: SessionRecord): void;
  send(command: SetKey): Promise<SessionCommandOutcome> | null;
}): KeyHolder {
  return {
    get credential() {
      return session.own()?.credential ?? null;
    },
    store(credential) {
      const current = session.own();
      if (current) session.save(Object.assign(current, { credential }));
    },
    send: (authorizationKey) => session.send({ kind: "setAuthorizationKey", authorizationKey }),
  };
}

/** Both keys are good from before the new one leaves until its fate is known (1.6 whitepaper A01). */
export async function rotateKey(holder: KeyHolder, secret: string, key: string): Promise<RotationStatus> {
  const { credential } = holder;
  if (!credential) {
    holder.store(await newCredential(secret, key));
    return "stored";
  }
  const digests = await digestKey(secret, credential.salt, key);
  const offered: StoredCredential = { ...credential, next: { ...digests, settledBy: "anyLogin" } };
  holder.store(offered);
  const sending = holder.send(key);
  const status = sending ? statusOf(await sending) : "stored";
  // A login or another rotation may have settled it meanwhile.
  if (holder.credential?.next === offered.next) holder.store(settled(offered, status));
  return status;
}

function settled(offered: StoredCredential, status: RotationStatus): StoredCredential {
  switch (status) {
    case "accepted":
      return promoteNext(offered);
    case "rejected":
    case "not_supported":
      return { ...offered, next: null };
    case "unknown":
      return offered;
    default:
      return { ...offered, next: offered.next && { ...offered.next, settledBy: "nextLogin" } };
  }
}

function statusOf(outcome: SessionCommandOutcome): RotationStatus {
  if (outcome.kind === "offline" || outcome.kind === "notAccepted" || outcome.kind === "notProvisioned")
    return "stored";
  if (outcome.kind === "stationError") {
    const { code } = outcome;
    return code === "NotSupported" || code === "NotImplemented" ? "not_supported" : "rejected";
  }
  if (outcome.kind !== "answered" || outcome.answer.kind !== "configurationChange") return "unknown";
  switch (outcome.answer.status) {
    case "Accepted":
      return "accepted";
    case "RebootRequired":
      return "reboot_required";
    case "NotSupported":
      return "not_supported";
    default:
      return "rejected";
  }
}
