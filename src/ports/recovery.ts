import type { EffectBatch } from "./chargers.ts";
import type { ProvisioningWork } from "./jobs.ts";
import type { SessionRef, StoredCredential } from "./sessions.ts";

/** A living, provisioned charger with all that Postgres has to bring its session back. */
export interface Recoverable {
  work: ProvisioningWork;
  /** Null: Postgres never learned of its authorization key. */
  credential: StoredCredential | null;
  /** A station logged in once: somebody has a key. */
  hasConnected: boolean;
}

/** What is needed where objects were lost, or one side was restored from a copy. */
export interface RecoveryStore {
  /** Null: no such charger, or it is not READY. */
  find(ref: SessionRef): Promise<Recoverable | null>;
  /** Those of the ids that are living and READY. */
  list(chargerIds: string[]): Promise<Recoverable[]>;
  keepCredential(chargerId: string, credential: StoredCredential): Promise<void>;
  /** Their sessions had to be made anew without their keys: shown until each has a new one. */
  keysLost(chargerIds: string[], now: Date): Promise<void>;
  /**
   * The next part of the look at all chargers: an effect for each, as one batch of this id. Null: nothing is due, or the part before is not done.
   */
  next(batchId: string, now: Date): Promise<EffectBatch | null>;
}
