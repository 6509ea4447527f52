import { credentialToText } from "../../../credential-text.ts";
import type { Env } from "../../../env.ts";
import type { SessionRef } from "../../../ports.ts";
import { preparedSessions } from "../../prepared-sessions.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

/** Tells Postgres which keys the session takes, so that a lost object can be restored. True if a fact was added. */
export function addCredentialFact(store: SessionStore, record: SessionRecord, atMs: number): boolean {
  const credential = record.credential && credentialToText(record.credential);
  const json = JSON.stringify(credential);
  if (!credential || json === record.toldCredential) return false;
  record.toldCredential = json;
  store.addFact(record, atMs, { type: "credential", credential });
  return true;
}

/** Removes the prepared provisioning, so that the next upgrade does not make the session again. */
export function removePrepared(
  env: Pick<Env, "SESSION_SHELF">,
  ref: SessionRef & { chargerId: string },
): void {
  void preparedSessions(env)
    .remove(ref)
    .catch(() => undefined);
}
