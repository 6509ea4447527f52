import type { Engine } from "./engine.ts";

const runRetentionMs = 24 * 3_600_000;
const deadLetterRetentionMs = 7 * 24 * 3_600_000;
const sliceSize = 500;

/** Deletes what is past its retention, in one small transaction per turn of the event loop. */
export function prune(engine: Engine): void {
  const nowMs = engine.clock.nowMs();
  const old = engine.db.prepare<{ pk: number }>(
    `SELECT pk FROM runs WHERE completed_at < ? AND pk NOT IN (SELECT run_pk FROM messages WHERE run_pk IS NOT NULL)
     ORDER BY pk LIMIT ${sliceSize}`,
  );
  const removeLabels = engine.db.prepare(
    "DELETE FROM run_labels WHERE run_pk IN (SELECT value FROM json_each(?))",
  );
  const remove = engine.db.prepare("DELETE FROM runs WHERE pk IN (SELECT value FROM json_each(?))");
  const slice = () => {
    if (engine.isClosed) return;
    const pks = JSON.stringify(old.all(nowMs - runRetentionMs).map(({ pk }) => pk));
    if (pks === "[]") return engine.configs.pruneUnused();
    engine.db.transaction(() => {
      removeLabels.run(pks);
      remove.run(pks);
    });
    setImmediate(slice);
  };
  engine.dedup.prune();
  engine.deadLetters.prune(nowMs - deadLetterRetentionMs);
  slice();
}
