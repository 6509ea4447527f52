import type { ChargerCommand } from "../../../ocpp/commands.ts";
import { isUnsupported } from "../../../ocpp/error-code.ts";
import type { CommandOutcome, OfferedKey, RotationStatus, StoredCredential } from "../../../ports.ts";
import { digestKey, newSalt, onlyKey, settledOn, withOffer, withOfferReplaced } from "./credential.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

interface KeyHolder {
  readonly credential: StoredCredential | null;
  store(credential: StoredCredential): void;
  /** Sends the key to the station; null: not connected. */
  send(key: string): Promise<CommandOutcome> | null;
}

type SetKey = Extract<ChargerCommand, { kind: "setAuthorizationKey" }>;

interface OwnSession {
  /** The record; null once another charger owns the session: the rotation then changes nothing. */
  own(): SessionRecord | null;
  store: Pick<SessionStore, "changed">;
  send(command: SetKey): Promise<CommandOutcome> | null;
}

/** Rotates the key of the charger that owns the session. @throws RangeError if the key is too short */
export function rotateOwnKey(
  { own, store, send }: OwnSession,
  secret: string,
  key: string,
): Promise<RotationStatus> {
  const holder: KeyHolder = {
    get credential() {
      return own()?.credential ?? null;
    },
    store(credential) {
      const current = own();
      if (!current) return;
      current.credential = credential;
      store.changed();
    },
    send: (authorizationKey) => send({ kind: "setAuthorizationKey", authorizationKey }),
  };
  return rotateKey(holder, secret, key);
}

/**
 * Offers a key to the station. A key is accepted from before it is sent until its outcome, or that of a later key, is known (1.6
 * security whitepaper A01). Rotations may overlap: their keys are sent in the order of the calls.
 */
async function rotateKey(holder: KeyHolder, secret: string, key: string): Promise<RotationStatus> {
  const salt = holder.credential?.salt ?? newSalt();
  const digests = await digestKey(secret, salt, key);
  const { credential } = holder;
  if (!credential) {
    holder.store(onlyKey(salt, digests));
    return "stored";
  }
  // While the digest was computed, another charger took the identity, or a first key was stored.
  if (credential.salt !== salt) return rotateKey(holder, secret, key);
  const offer: OfferedKey = { ...digests, settledBy: "anyLogin" };
  holder.store(withOffer(credential, offer));
  const sending = holder.send(key);
  const status = sending ? statusOf(await sending) : "stored";
  const left = holder.credential;
  if (left?.salt === salt && left.current.text !== offer.text) holder.store(settled(left, offer, status));
  return status;
}

/** Applies the station's answer. It has precedence over a login that settled another key while the command was waiting. */
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
