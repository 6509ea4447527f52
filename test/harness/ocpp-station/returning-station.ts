import { setTimeout as delay } from "node:timers/promises";
import { RawStation, type Door, type RawCall } from "./raw-station.ts";

const RETRY_MS = 500;

/** Counters of all returning stations. */
export interface Returns {
  /** Upgrades that were refused. */
  refused: string[];
  /** Upgrades without an answer, as while a process restarts. */
  unanswered: number;
}

/**
 * A station that reconnects by itself: `jitterMs` after its connection ends, then every half second. It boots only once, as a
 * station that does not restart.
 */
export class ReturningStation {
  readonly door: Door;
  readonly #returns: Returns;
  readonly #jitterMs: () => number;
  #station: RawStation | null = null;
  #isStopped = false;
  connections = 0;
  /** Makes the answer to a CALL; null leaves it unanswered. */
  react: (call: RawCall) => unknown = () => ({ status: "Accepted" });
  /** Called after every reconnect. */
  returned: (station: RawStation) => void = () => {};

  constructor(door: Door, jitterMs: () => number, returns: Returns) {
    this.door = door;
    this.#jitterMs = jitterMs;
    this.#returns = returns;
  }

  get isConnected(): boolean {
    return this.#station !== null;
  }

  get live(): RawStation {
    if (!this.#station) throw new Error(`${this.door.identity} is not connected`);
    return this.#station;
  }

  async connect(): Promise<void> {
    const station = await RawStation.connect(this.door);
    station.react = (received) => this.react(received);
    this.connections++;
    this.#station = station;
    station.socket.once("close", () => void this.#return());
  }

  stop(): void {
    this.#isStopped = true;
    this.#station?.socket.terminate();
  }

  async #return(): Promise<void> {
    this.#station = null;
    await delay(this.#isStopped ? 0 : this.#jitterMs());
    while (!this.#isStopped) {
      try {
        await this.connect();
        return this.returned(this.live);
      } catch (error) {
        const answered = /Unexpected server response: \d+/.exec(String(error));
        if (answered) this.#returns.refused.push(answered[0]);
        else this.#returns.unanswered++;
        await delay(RETRY_MS);
      }
    }
  }
}
