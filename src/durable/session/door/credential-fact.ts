import { credentialToText } from "../../../credential-text.ts";
import type { Env } from "../../../env.ts";
import type { SessionRef } from "../../../ports.ts";
import { preparedSessions } from "../../prepared/prepared-sessions.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

/** Adds a fact with the key digests of the session, so that it can be restored if it is lost. False: Postgres has them. */
export function addCredentialFact(store: SessionStore, record: SessionRecord, atMs: number): boolean {
  const credential = record.credential && credentialToText(record.credential);
  const json = JSON.stringify(credential);
  if (!credential || json === record.toldCredential) return false;
  record.toldCredential = json;
  store.addFact(record, atMs, { type: "credential", credential });
  return true;
}

/** Deletes the prepared provisioning, so that an upgrade does not provision the session again. Failures are ignored. */
export function removePrepared(
  env: Pick<Env, "SESSION_SHELF">,
  ref: SessionRef & { chargerId: string },
): void {
  void preparedSessions(env)
    .remove(ref)
    .catch(() => undefined);
}
