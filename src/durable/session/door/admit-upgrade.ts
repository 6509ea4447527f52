import type { Config } from "../../../env.ts";
import { negotiate, versionsOf, type OcppVersion } from "../../../ocpp/version.ts";
import { ensureValidators, validatorsOf } from "../line/loaded-validators.ts";
import { isServed, type SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import { admit, ADMITTED, refuseSubprotocol } from "./admission.ts";
import { afterLogin } from "./credential.ts";

/**
 * Whose line the upgrade opens and in which version, or the answer that refuses it. `isNew`: the session was provisioned by it. What
 * the login settles about keys is in the record, for the caller to store with the line.
 */
export async function admitUpgrade(
  store: Pick<SessionStore, "record">,
  request: Request,
  config: Pick<Config, "BUSBAR_ENV" | "CREDENTIAL_SECRET">,
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
