import { credentialToText } from "../../../credential-text.ts";
import type { SessionProvision, SessionRef } from "../../../ports.ts";
import { completeCredential } from "../storage/stored-credential.ts";
import { newCredential } from "./credential.ts";
import { isNewer, newRecord, type SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import { keepTagPolicy } from "../inbound/tag-policy.ts";

async function credentialOf({ credential, authorizationKey }: SessionProvision, secret: string) {
  if (credential) return completeCredential(credential);
  return authorizationKey === null ? null : newCredential(secret, authorizationKey);
}

/**
 * Provisions a session for a charger. The same charger again: adds a missing credential and ends `isOrphan`. An older charger of
 * the identity: changes nothing. A newer one: replaces the record; `withdraw` ends the line and transactions of the old one
 * first.
 * `isOffered`: the provisioning came with the upgrade of a host or from the prepared sessions, which keep it.
 */
export async function adopt(
  store: SessionStore,
  { ref, input, isOffered }: { ref: SessionRef; input: SessionProvision; isOffered: boolean },
  secret: string,
  withdraw: (old: SessionRecord) => void,
): Promise<{ created: boolean }> {
  const isKnown = () => store.record?.chargerId === input.chargerId;
  const needsKey = !(isKnown() && store.record?.credential);
  const credential = needsKey ? await credentialOf(input, secret) : null;
  const { record } = store;
  if (record && isKnown()) {
    const hasNewKey = !record.credential && credential && !record.isRetired;
    if (hasNewKey || record.isOrphan) {
      Object.assign(record, { isOrphan: false, credential: record.credential ?? credential });
      store.changed();
    }
    if (input.tagPolicy && record.acceptsUnknownTags === null) keepTagPolicy(store, record, input.tagPolicy);
    return { created: false };
  }
  if (record && !isNewer(input, record)) return { created: false };
  if (record) withdraw(record);
  const adopted = newRecord(ref, input, credential);
  // Postgres has these digests already.
  if (credential && input.credential) adopted.toldCredential = JSON.stringify(credentialToText(credential));
  store.replace(adopted, isOffered);
  return { created: true };
}
