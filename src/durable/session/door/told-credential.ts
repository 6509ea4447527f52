import { credentialToText } from "../../../credential-text.ts";
import type { Env } from "../../../env.ts";
import type { SessionRef } from "../../../ports.ts";
import { shelfOf } from "../../shelf.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

/** Tells Postgres which keys the session takes, should its object be lost one day. True when there was news. */
export function tellCredential(store: SessionStore, record: SessionRecord, atMs: number): boolean {
  const credential = record.credential && credentialToText(record.credential);
  const json = JSON.stringify(credential);
  if (!credential || json === record.toldCredential) return false;
  record.toldCredential = json;
  store.tell(record, atMs, { type: "credential", credential });
  return true;
}

/** Takes away what the next knock would provision the session with again. */
export function takeFromShelf(
  env: Pick<Env, "SESSION_SHELF">,
  ref: SessionRef & { chargerId: string },
): void {
  void shelfOf(env)
    .remove(ref)
    .catch(() => undefined);
}
