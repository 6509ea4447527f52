import type { FrameRow } from "../../../ports.ts";

const FLUSH_AFTER_MS = 500;
const RETRY_AFTER_MS = 5000;
const FLUSH_AT = 50;
/** Most frames kept while the session cannot be reached; the oldest are dropped. */
const WAITING_MAX = 500;
const CALLS_MAX = 100;

interface RelayServices {
  setTimer(atMs: number, run: () => void): void;
  nowMs(): number;
  /** Rejects if the frames were not stored. */
  send(frames: FrameRow[]): Promise<unknown>;
}

/**
 * Copies the frames that a station exchanges with another central system, and notes about commands without effect, to the frame
 * log of its own session, in batches.
 * Diagnostic: frames that cannot be delivered are dropped in the end.
 */
export class FrameRelay {
  readonly #services: RelayServices;
  #waiting: FrameRow[] = [];
  /** Actions of the last CALLs of both sides, by message id. An answer does not name its action. */
  readonly #actions = new Map<string, string>();
  #isArmed = false;
  #isSending = false;

  constructor(services: RelayServices) {
    this.#services = services;
  }

  note(direction: FrameRow["direction"], message: string): void {
    const atMs = this.#services.nowMs();
    this.#waiting.push({ direction, message, atMs, action: this.#actionOf(message) });
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    if (this.#waiting.length >= FLUSH_AT) void this.#flush();
    else this.#arm(FLUSH_AFTER_MS);
  }

  #arm(afterMs: number): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#services.setTimer(this.#services.nowMs() + afterMs, () => {
      this.#isArmed = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#isSending || this.#waiting.length === 0) return;
    this.#isSending = true;
    const frames = this.#waiting.slice(0, FLUSH_AT);
    try {
      await this.#services.send(frames);
      this.#waiting = this.#waiting.filter((frame) => !frames.includes(frame));
      if (this.#waiting.length > 0) this.#arm(FLUSH_AFTER_MS);
    } catch {
      this.#arm(RETRY_AFTER_MS);
    } finally {
      this.#isSending = false;
    }
  }

  #actionOf(message: string): string | null {
    const [type, id, action] = read(message);
    if (typeof id !== "string") return null;
    if ((type === 2 || type === 6) && typeof action === "string") {
      if (this.#actions.size >= CALLS_MAX) this.#actions.clear();
      if (type === 2) this.#actions.set(id, action);
      return action;
    }
    return this.#actions.get(id) ?? null;
  }
}

/** Elements of a frame; empty if it cannot be parsed. */
function read(message: string): unknown[] {
  try {
    const frame: unknown = JSON.parse(message);
    return Array.isArray(frame) ? frame : [];
  } catch {
    return [];
  }
}
