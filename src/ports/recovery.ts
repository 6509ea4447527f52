import type { ProvisioningWork } from "./charger.ts";
import type { StoredCredential } from "./credential.ts";
import type { EffectBatch } from "./effects.ts";
import type { SessionRef } from "./sessions.ts";

/** A READY charger, with everything needed to create its session again. */
export interface Recoverable {
  work: ProvisioningWork;
  /** Digests of its authorization key; null: no session ever wrote them to Postgres. */
  credential: StoredCredential | null;
  /** Generation of the last connection that Postgres knows; 0: no station has connected, so nobody holds a key. */
  generation: number;
}

/** Reads and writes for restoring sessions and hosts whose storage was lost, or after a restore of Postgres. */
export interface RecoveryStore {
  /** Null: no charger of this identity, or it is not READY. */
  find(ref: SessionRef): Promise<Recoverable | null>;
  /** The chargers with these ids that are READY and not deleted. */
  list(chargerIds: string[]): Promise<Recoverable[]>;
  /** Stores the digests of a charger's authorization key. */
  keepCredential(chargerId: string, credential: StoredCredential): Promise<void>;
  /** Marks chargers whose sessions were created again without their key. A new key removes the mark. */
  keysLost(chargerIds: string[], now: Date): Promise<void>;
  /**
   * Writes effects for the next part of all chargers, as one batch with this id. Null: no check is due, or the
   * previous part is not done.
   */
  next(batchId: string, now: Date): Promise<EffectBatch | null>;
}
