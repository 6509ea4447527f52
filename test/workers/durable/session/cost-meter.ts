import { AsyncLocalStorage } from "node:async_hooks";
import { runInDurableObject } from "cloudflare:test";
import { vi, type MockInstance } from "vitest";
import { ChargePointSession } from "../../../../src/durable/session/charge-point-session.ts";
import type { Charger } from "./station-double.ts";

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

/** Set in everything that a call of the counted object began. Objects of other tests still run in the isolate. */
const counted = new AsyncLocalStorage<ChargePointSession>();

/**
 * What sets a timer or not by the speed of the machine: a session that joins the statement of another test's session looks for its
 * outcome, and frames of commands that follow each other closely are written together.
 */
const BY_CHANCE = ["outcomeOf", "writeCommandsLater"];

/** Makes each call of an object's public methods set `counted`. */
function followCalls(instance: ChargePointSession): MockInstance[] {
  const methods = Object.entries(Object.getOwnPropertyDescriptors(ChargePointSession.prototype)).filter(
    ([name, { value }]) => name !== "constructor" && typeof value === "function",
  );
  const prototype = ChargePointSession.prototype as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  return methods.map(([name]) => {
    const method = prototype[name] as (...args: unknown[]) => unknown;
    return vi.spyOn(prototype, name).mockImplementation(function (this: unknown, ...args: unknown[]) {
      const call = () => method.apply(this, args);
      return this === instance ? counted.run(instance, call) : call();
    });
  });
}

/**
 * Counts what a session's object does during some work. The object must not be evicted meanwhile. Timers are those that code
 * under src sets in calls of this object; it needs a `DatabaseDouble`. `work` is given the rows written so far.
 */
export function costOf(charger: Charger, work: (rowsSoFar: () => number) => Promise<unknown>): Promise<Cost> {
  const { chargerId } = charger.ref;
  return measured(charger, chargerId, work, (instance) => ({
    spies: followCalls(instance),
    isOwnTimer: (stack) =>
      counted.getStore() === instance &&
      stack.includes("/src/") &&
      !BY_CHANCE.some((name) => stack.includes(name)),
  }));
}

/**
 * The same for the host of a simulated station, without its timers: hosts of other tests run in the isolate too, and nothing tells
 * whose timer one is. Statements are those of the station's session.
 */
export function hostCostOf(
  stub: DurableObjectStub,
  chargerId: string,
  work: (rowsSoFar: () => number) => Promise<unknown>,
): Promise<Omit<Cost, "timers">> {
  return measured({ stub }, chargerId, work, () => ({ spies: [], isOwnTimer: () => false }));
}

interface Following {
  spies: MockInstance[];
  /** Whether a timer that is set with this stack counts. */
  isOwnTimer(stack: string): boolean;
}

async function measured(
  { stub }: Pick<Charger, "stub">,
  chargerId: string,
  work: (rowsSoFar: () => number) => Promise<unknown>,
  /** Hosts do not look at the instance. */
  follow: (instance: ChargePointSession) => Following,
): Promise<Cost> {
  const cost: Cost = { rows: 0, alarms: 0, timers: 0, statements: 0 };
  const timers = new Set<Timer>();
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const restore = await runInDurableObject<ChargePointSession, () => void>(stub, (instance, { storage }) => {
    const following = follow(instance);
    const stored = countStorage(storage, cost, cursors);
    const spies = [...following.spies, ...stored, ...countTimers(timers, following)];
    return () => {
      for (const spy of spies) spy.mockRestore();
    };
  });
  const before = vi.mocked(globalThis.fetch).mock.calls.length;
  const isOwn = ([, init]: Parameters<typeof fetch>) => String(init?.body).includes(chargerId);
  const rowsSoFar = () => cursors.reduce((rows, { rowsWritten }) => rows + rowsWritten, cost.rows);
  try {
    await work(rowsSoFar);
    // The turn that answered is over, and what it began in the background has ended. The database double sees a statement
    // before the session has its answer, which clears the deadline; a timer that fires is never cleared.
    await runInDurableObject<ChargePointSession, void>(stub, () => undefined);
    await vi.waitUntil(() => timers.size === 0, { timeout: 1000 }).catch(() => undefined);
  } finally {
    await runInDurableObject<ChargePointSession, void>(stub, restore);
  }
  cost.rows = rowsSoFar();
  cost.timers = timers.size;
  // Other objects of the isolate may flush meanwhile.
  cost.statements = vi.mocked(globalThis.fetch).mock.calls.slice(before).filter(isOwn).length;
  return cost;
}

/** Notes rows of `kv` and of alarms in `cost`; those of SQL are known by their cursors. */
function countStorage(
  storage: DurableObjectStorage,
  cost: Cost,
  cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[],
): MockInstance[] {
  const { kv, sql } = storage;
  const [exec, put, setAlarm] = [sql.exec.bind(sql), kv.put.bind(kv), storage.setAlarm.bind(storage)];
  return [
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
  ];
}

function countTimers(timers: Set<Timer>, { isOwnTimer }: Following): MockInstance[] {
  const [timer, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
  return [
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((...args: Parameters<typeof setTimeout>) => {
      const handle = timer(...args);
      if (isOwnTimer(new Error().stack ?? "")) timers.add(handle);
      return handle;
    }) as typeof setTimeout),
    vi.spyOn(globalThis, "clearTimeout").mockImplementation(((handle: Timer) => {
      timers.delete(handle);
      clear(handle);
    }) as typeof clearTimeout),
  ];
}
