import { setTimeout as delay } from "node:timers/promises";
import { RawStation, type Door, type RawCall } from "./raw-station.ts";

const RETRY_MS = 500;

/** What the fleet of returning stations saw. */
export interface Returns {
  /** Upgrades that were answered with something else than 101. */
  refused: string[];
  /** Upgrades that nobody answered, as while a process restarts. */
  unanswered: number;
}

/**
 * A station that comes back by itself: after `jitterMs` when its connection ends, then every half second. It boots once
 * and never again, as one that was not restarted.
 */
export class ReturningStation {
  readonly door: Door;
  readonly #returns: Returns;
  readonly #jitterMs: () => number;
  #station: RawStation | null = null;
  #isStopped = false;
  connections = 0;
  /** What it answers to every CALL, on every connection; null leaves one unanswered. */
  react: (call: RawCall) => unknown = () => ({ status: "Accepted" });
  /** Called whenever it has come back. */
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
