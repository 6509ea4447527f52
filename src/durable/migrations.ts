/**
 * Tables of a session object, applied in order and never edited. The number of applied steps is part of the session's
 * record: a separate version row would cost every new object one more write.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE frames (
     seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, direction TEXT NOT NULL, action TEXT, message TEXT NOT NULL,
     bytes_total INTEGER NOT NULL);
   CREATE TABLE outbox (
     seq INTEGER PRIMARY KEY, charger_id TEXT NOT NULL, generation INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     fact TEXT NOT NULL);
   CREATE TABLE replies (
     seq INTEGER PRIMARY KEY, message_id TEXT NOT NULL, digest TEXT NOT NULL, response TEXT NOT NULL);`,
];

/** True for an object whose tables an older release made. */
export function isOutdated(applied: number): boolean {
  return applied > 0 && applied < STEPS.length;
}

/** Applies the steps after `applied` and returns how many are applied now. Synchronous: one transaction with its caller. */
export function migrate(sql: SqlStorage, applied: number): number {
  for (const step of STEPS.slice(applied)) sql.exec(step);
  return STEPS.length;
}
