import type { ProvisioningWork } from "./charger.ts";

/** A batch of `total` effects with sequence numbers from 0. One `applyEffects` run carries them out. */
export interface EffectBatch {
  id: string;
  total: number;
}

/**
 * One effect, with the current row of its charger. `deleted`: the charger is deleted, its session and station must
 * end.
 */
export interface PendingEffect {
  seq: number;
  /** Revision of the charger's row when it was read. */
  revision: number;
  kind: "sync" | "restart";
  deleted: boolean;
  status: "PENDING" | "READY" | "FAILED";
  /** Id of the provisioning run to cancel; null unless the charger was deleted or cancelled while PENDING. */
  runId: string | null;
  work: ProvisioningWork;
}

/** Storage of effects: an outbox of changes that have to reach sessions and hosts. */
export interface EffectStore {
  /** Effects of the batch that are not done, with sequence numbers in `[from, to)`. */
  pending(batchId: string, from: number, to: number): Promise<PendingEffect[]>;
  /**
   * Deletes effects that were carried out, if revision and run state of the charger are still those that were
   * applied. Others stay and are applied again. Returns the number of deleted effects.
   */
  done(batchId: string, applied: PendingEffect[]): Promise<number>;
  /**
   * Batches that were published a minute ago or longer and are not done. Raises their attempt. Call it under the
   * sweeper's lock.
   */
  leftOver(now: Date): Promise<Array<{ id: string; attempt: number; total: number }>>;
}
