import { vi } from "vitest";
import { inObject, type Charger } from "./station-double.ts";

/** What an object did that is billed, or keeps it awake. */
export interface Cost {
  /** Rows written, those of alarms and of the record among them. */
  rows: number;
  alarms: number;
  /** Timers that were left or fired: the deadline of a statement is cleared with its answer. */
  timers: number;
  /** Statements sent to Postgres with facts of this charger. */
  statements: number;
}

type Timer = ReturnType<typeof setTimeout>;

/**
 * Counts what a session's object does during some work. The object must not be evicted meanwhile. Timers are those that code
 * under src sets; it needs a `DatabaseDouble`. `work` is given the rows written so far.
 */
export async function costOf(
  charger: Charger,
  work: (rowsSoFar: () => number) => Promise<unknown>,
): Promise<Cost> {
  const cost: Cost = { rows: 0, alarms: 0, timers: 0, statements: 0 };
  const timers = new Set<Timer>();
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const restore = await inObject(charger, (_instance, { storage }) => {
    const { kv, sql } = storage;
    const [exec, put, setAlarm] = [sql.exec.bind(sql), kv.put.bind(kv), storage.setAlarm.bind(storage)];
    const [timer, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
    const spies = [
      vi.spyOn(sql, "exec").mockImplementation(((text: string, ...values: unknown[]) => {
        const cursor = exec(text, ...values);
        cursors.push(cursor);
        return cursor;
      }) as typeof sql.exec),
      vi.spyOn(kv, "put").mockImplementation((key: string, value: unknown) => {
        cost.rows++;
        put(key, value);
      }),
      vi.spyOn(storage, "setAlarm").mockImplementation((atMs) => {
        cost.rows++;
        cost.alarms++;
        return setAlarm(atMs);
      }),
      vi.spyOn(globalThis, "setTimeout").mockImplementation(((...args: Parameters<typeof setTimeout>) => {
        const handle = timer(...args);
        if (new Error().stack?.includes("/src/")) timers.add(handle);
        return handle;
      }) as typeof setTimeout),
      vi.spyOn(globalThis, "clearTimeout").mockImplementation(((handle: Timer) => {
        timers.delete(handle);
        clear(handle);
      }) as typeof clearTimeout),
    ];
    return () => {
      for (const spy of spies) spy.mockRestore();
    };
  });
  const before = vi.mocked(globalThis.fetch).mock.calls.length;
  const isOwn = ([, init]: Parameters<typeof fetch>) => String(init?.body).includes(charger.ref.chargerId);
  const rowsSoFar = () => cursors.reduce((rows, { rowsWritten }) => rows + rowsWritten, cost.rows);
  try {
    await work(rowsSoFar);
    // The turn that answered is over, and what it began in the background has ended. The database double sees a statement
    // before the session has its answer, which clears the deadline; a timer that fires is never cleared.
    await inObject(charger, () => undefined);
    await vi.waitUntil(() => timers.size === 0, { timeout: 1000 }).catch(() => undefined);
  } finally {
    await inObject(charger, restore);
  }
  cost.rows = rowsSoFar();
  cost.timers = timers.size;
  // Other objects of the isolate may flush meanwhile.
  cost.statements = vi.mocked(globalThis.fetch).mock.calls.slice(before).filter(isOwn).length;
  return cost;
}
