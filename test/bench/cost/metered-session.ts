import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

const windowOf = z.object({
  events: z.array(z.string()),
  requests: z.number(),
  rows: z.number(),
  alarms: z.number(),
  waited: z.array(z.number()),
  cleared: z.array(z.number()),
  sql: z.number(),
  awakeMs: z.number(),
});
const spent = z.object({
  isAwake: z.boolean(),
  alarmInMs: z.number().nullable(),
  windows: z.array(windowOf),
});

/** What the object used in one stretch of being awake; described where it is counted, in worker/meter.ts. */
export type Window = z.infer<typeof windowOf>;

const LOOK_EVERY_MS = 10;
/** An event is over when the object was asleep, or could have been, at so many looks in a row. */
const QUIET_LOOKS = 3;
const QUIET_DEADLINE_MS = 60_000;
/** An alarm that is due this soon belongs to the event that set it. */
const SOON_MS = 2_000;
const SLEEPS_ALREADY = /not currently running/;
const ALARMS_MAX = 200;

/** One session object of a metered Worker, seen from outside: it is put to sleep before each event, and then looked at. */
export class MeteredSession {
  readonly #url: string;
  readonly #name: string;
  #aheadMs = 0;

  /** @param name as the product names the object: `<organization slug>/<identity>` */
  constructor(url: string, name: string) {
    this.#url = url;
    this.#name = name;
  }

  /** Epoch ms by the clock of the Worker. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** What the object uses from `act` on until nothing is left for it to do. It sleeps when `act` begins. */
  async measure(act: () => Promise<unknown>): Promise<Window[]> {
    await this.sleep();
    await act();
    return this.#untilQuiet();
  }

  /** Waits until the object has nothing left to do, and puts it to sleep as the runtime does: its sockets stay. */
  async sleep(): Promise<void> {
    await this.#untilQuiet(false);
    const answer = await this.#post("sleep");
    if (!answer.ok) {
      const reason = await answer.text();
      if (!SLEEPS_ALREADY.test(reason)) throw new Error(`The object did not fall asleep: ${reason}`);
    }
  }

  /** Moves the clock of the Worker ahead; alarms on the way ring at their time. Returns what each of them used. */
  async advance(ms: number): Promise<Window[][]> {
    const rung: Window[][] = [];
    let leftMs = ms;
    for (;;) {
      await this.sleep();
      const { alarmInMs } = await this.#spent();
      if (alarmInMs === null || alarmInMs > leftMs) break;
      if (rung.length === ALARMS_MAX) throw new Error(`${ALARMS_MAX} alarms within ${ms} ms`);
      const step = Math.max(0, alarmInMs);
      leftMs -= step;
      await this.#moveAhead(step);
      rung.push(await this.#untilQuiet());
    }
    await this.#moveAhead(leftMs);
    return rung;
  }

  /** Moves the clock of the Worker ahead at once; an alarm that was due meanwhile rings late. Returns what it used. */
  async jump(ms: number): Promise<Window[]> {
    await this.sleep();
    const { alarmInMs } = await this.#spent();
    await this.#moveAhead(ms);
    return this.#untilQuiet(alarmInMs !== null && alarmInMs <= ms);
  }

  async databaseBytes(): Promise<number> {
    return z.number().parse(await (await this.#post("size")).json());
  }

  async #moveAhead(ms: number): Promise<void> {
    this.#aheadMs += ms;
    const answer = await this.#post("advance", { ms: String(ms) });
    if (!answer.ok) throw new Error(`The clock did not move: ${await answer.text()}`);
  }

  /** @param isAwaited whether something has to happen first */
  async #untilQuiet(isAwaited = true): Promise<Window[]> {
    const windows: Window[] = [];
    const deadline = Date.now() + QUIET_DEADLINE_MS;
    let quiet = 0;
    while (quiet < QUIET_LOOKS) {
      const look = await this.#spent();
      windows.push(...look.windows);
      const isSoon = look.alarmInMs !== null && look.alarmInMs < SOON_MS;
      const isQuiet = !look.isAwake && !isSoon && look.windows.length === 0;
      quiet = isQuiet && (windows.length > 0 || !isAwaited) ? quiet + 1 : 0;
      if (Date.now() > deadline) {
        const seen = JSON.stringify({ ...look, windows });
        throw new Error(`${this.#name} was not quiet within ${QUIET_DEADLINE_MS} ms: ${seen}`);
      }
      await delay(LOOK_EVERY_MS);
    }
    return windows;
  }

  async #spent(): Promise<z.infer<typeof spent>> {
    return spent.parse(await (await this.#post("spent")).json());
  }

  #post(action: string, parameters: Record<string, string> = {}): Promise<Response> {
    const query = new URLSearchParams({ session: this.#name, ...parameters });
    return fetch(`${this.#url}/bench/${action}?${query}`, { method: "POST" });
  }
}
