import type { RotationStatus } from "../../ports.ts";
import type { SessionCommandOutcome } from "./command-channel.ts";
import { digestKey, newCredential, promoteNext, type StoredCredential } from "./credential.ts";

export interface KeyHolder {
  readonly credential: StoredCredential | null;
  store(credential: StoredCredential): void;
  /** Sends the key to the station; null when none is connected. */
  send(key: string): Promise<SessionCommandOutcome> | null;
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
