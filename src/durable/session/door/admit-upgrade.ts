import type { Config } from "../../../env.ts";
import { negotiate, versionsOf, type OcppVersion } from "../../../ocpp/version.ts";
import { clientAddress, type SessionOffer } from "../../../session-address.ts";
import { isDirect, offerOf } from "../line/direct-line.ts";
import { ensureValidators, validatorsOf } from "../line/loaded-validators.ts";
import type { Upgrade } from "../line/station-line.ts";
import { isServed, type SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import { admit, ADMITTED, refuseSubprotocol } from "./admission.ts";
import { addCredentialFact } from "./credential-fact.ts";
import { afterLogin } from "./credential.ts";

type DoorConfig = Pick<Config, "BUSBAR_ENV" | "CREDENTIAL_SECRET">;

/**
 * Admits an upgrade, or returns the response that refuses it. A host of this deployment may provision the session with the
 * upgrade. Changes of the credential are in the record; the caller stores them with the line.
 */
export async function admitUpgrade(
  store: SessionStore,
  request: Request,
  config: DoorConfig,
  provision: (offer: SessionOffer) => Promise<{ created: boolean }>,
): Promise<Response | { record: SessionRecord; upgrade: Upgrade }> {
  const direct = isDirect(request);
  const offer = offerOf(request);
  const isNew = offer !== null && (await provision(offer)).created;
  const login = await logIn(store, request, config, isNew);
  if (login instanceof Response) return login;
  const { record, version } = login;
  if (!direct) addCredentialFact(store, record, Date.now());
  return {
    record,
    upgrade: { version, ip: clientAddress(request), direct, hostFacts: isNew ? offer.facts : null },
  };
}

/** Checks credentials and subprotocol. `isNew`: this upgrade provisioned the session. */
async function logIn(
  store: SessionStore,
  request: Request,
  config: DoorConfig,
  isNew: boolean,
): Promise<Response | { record: SessionRecord; version: OcppVersion }> {
  const checked = store.record;
  const credential = checked?.credential ?? null;
  const admission = isNew ? ADMITTED : await admit(checked, request, config, Date.now());
  if (admission.kind === "refused") return admission.response;
  const offered = request.headers.get("sec-websocket-protocol");
  const version = checked && negotiate(offered, versionsOf(checked.securityProfile));
  if (!version) return refuseSubprotocol();
  if (!validatorsOf(version)) await ensureValidators(version);
  const { record } = store;
  if (!isServed(record) || record.chargerId !== checked?.chargerId)
    return new Response("Unknown charge point", { status: 404 });
  if (record.credential !== credential)
    return new Response("Try again", { status: 503, headers: { "retry-after": "1" } });
  if (credential && admission.used) record.credential = afterLogin(credential, admission.used);
  return { record, version };
}
