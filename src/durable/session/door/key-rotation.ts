import type { ChargerCommand } from "../../../ocpp/commands.ts";
import { isUnsupported } from "../../../ocpp/error-code.ts";
import type { CommandOutcome, OfferedKey, RotationStatus, StoredCredential } from "../../../ports.ts";
import { digestKey, newSalt, onlyKey, settledOn, withOffer, withOfferReplaced } from "./credential.ts";
import type { SessionRecord } from "../storage/session-record.ts";

export interface KeyHolder {
  readonly credential: StoredCredential | null;
  store(credential: StoredCredential): void;
  /** Sends the key to the station; null when none is connected. */
  send(key: string): Promise<CommandOutcome> | null;
}

type SetKey = Extract<ChargerCommand, { kind: "setAuthorizationKey" }>;

/** The key of the charger that a session belongs to now, if it is still the same one. */
export function keyHolder(session: {
  own(): SessionRecord | null;
  changed(): void;
  send(command: SetKey): Promise<CommandOutcome> | null;
}): KeyHolder {
  return {
    get credential() {
      return session.own()?.credential ?? null;
    },
    store(credential) {
      const current = session.own();
      if (!current) return;
      current.credential = credential;
      session.changed();
    },
    send: (authorizationKey) => session.send({ kind: "setAuthorizationKey", authorizationKey }),
  };
}

/**
 * Every key is good from before it leaves until its fate, or that of a later one, is known (1.6 whitepaper A01). Several
 * rotations may be under way: their keys reach the station in the order of the calls.
 */
export async function rotateKey(holder: KeyHolder, secret: string, key: string): Promise<RotationStatus> {
  const salt = holder.credential?.salt ?? newSalt();
  const digests = await digestKey(secret, salt, key);
  const { credential } = holder;
  if (!credential) {
    holder.store(onlyKey(salt, digests));
    return "stored";
  }
  // Another charger took the identity, or a first key came, while the digest was made.
  if (credential.salt !== salt) return rotateKey(holder, secret, key);
  const offer: OfferedKey = { ...digests, settledBy: "anyLogin" };
  holder.store(withOffer(credential, offer));
  const sending = holder.send(key);
  const status = sending ? statusOf(await sending) : "stored";
  const left = holder.credential;
  if (left?.salt === salt && left.current.text !== offer.text) holder.store(settled(left, offer, status));
  return status;
}

/** A login may have decided against the key while its command was still waiting: the station's answer counts. */
function settled(credential: StoredCredential, offer: OfferedKey, status: RotationStatus): StoredCredential {
  const known = credential.offered.includes(offer) ? credential : withOffer(credential, offer);
  switch (status) {
    case "accepted":
      return settledOn(known, offer);
    case "rejected":
    case "not_supported":
      return withOfferReplaced(known, offer, null);
    case "unknown":
      return known;
    default:
      return withOfferReplaced(known, offer, { ...offer, settledBy: "nextLogin" });
  }
}

function statusOf(outcome: CommandOutcome): RotationStatus {
  if (outcome.kind === "offline" || outcome.kind === "notAccepted" || outcome.kind === "notProvisioned")
    return "stored";
  if (outcome.kind === "stationError") {
    return isUnsupported(outcome.code) ? "not_supported" : "rejected";
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
