import type { ErrorFrame, ResultFrame } from "./frame.ts";
import type { JsonValue } from "./json.ts";

export interface QueuedCall<Command, Waiter> {
  /** OCPP message id: unique per sender over all connections, so a UUID. */
  readonly id: string;
  readonly command: Command;
  /** Epoch milliseconds; covers waiting and answer. */
  readonly deadlineAt: number;
  /** Handed back with the outcome, exactly once. */
  readonly waiter: Waiter;
}

export interface EndedCall<Waiter> {
  readonly waiter: Waiter;
  readonly outcome: CallOutcome;
}

interface OutstandingCall<Command, Waiter> extends QueuedCall<Command, Waiter> {
  readonly action: string;
}

export const QUEUE_LENGTH_MAX = 32;

/**
 * The calls to one station: first in, first out, one outstanding (OCPP 2.0.1 part 4, 4.1.1). It owns no timer and no
 * socket: whoever holds it sends what `next` returns, calls `expire` at `nextDeadline`, and settles every returned waiter.
 */
export class CallQueue<Command, Waiter> {
  #waiting: QueuedCall<Command, Waiter>[] = [];
  #outstanding: OutstandingCall<Command, Waiter> | null = null;

  get length(): number {
    return this.#waiting.length;
  }

  /** The call on the wire and, once `markSent` named it, its action. */
  get outstanding(): { readonly id: string; readonly action: string } | null {
    return this.#outstanding;
  }

  enqueue(call: QueuedCall<Command, Waiter>): EndedCall<Waiter>[] {
    if (this.#waiting.length >= QUEUE_LENGTH_MAX) return [{ waiter: call.waiter, outcome: { kind: "busy" } }];
    this.#waiting.push(call);
    return [];
  }

  /** Puts the next call of a command that needs several in front: a command is not interleaved with another. */
  resume(call: QueuedCall<Command, Waiter>): void {
    this.#waiting.unshift(call);
  }

  /** Takes the call to send now, if none is outstanding. One past its deadline is left for `expire`, never sent. */
  next(now: number): QueuedCall<Command, Waiter> | null {
    if (this.#outstanding) return null;
    const index = this.#waiting.findIndex((call) => call.deadlineAt > now);
    const [call] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (!call) return null;
    this.#outstanding = { ...call, action: "" };
    return call;
  }

  /** Names the action under which the outstanding call went out. */
  markSent(action: string): void {
    if (this.#outstanding) this.#outstanding = { ...this.#outstanding, action };
  }

  /** Forgets a call that `next` returned but that needs nothing on the wire; its waiter is the caller's to settle. */
  release(messageId: string): boolean {
    if (this.#outstanding?.id !== messageId) return false;
    this.#outstanding = null;
    return true;
  }

  /** Empty when the frame answers nothing that is outstanding: late, repeated or guessed. */
  settle(messageId: string, frame: ResultFrame | ErrorFrame): EndedCall<Waiter>[] {
    if (this.#outstanding?.id !== messageId) return [];
    const { waiter, action } = this.#outstanding;
    this.#outstanding = null;
    if (frame.kind === "result") return [{ waiter, outcome: { kind: "answered", payload: frame.payload } }];
    const { code, description } = frame;
    return [{ waiter, outcome: { kind: "stationError", code, description, action } }];
  }

  expire(now: number): EndedCall<Waiter>[] {
    const isOver = (call: QueuedCall<Command, Waiter>) => call.deadlineAt <= now;
    const ended: EndedCall<Waiter>[] = [];
    if (this.#outstanding && isOver(this.#outstanding)) {
      ended.push({ waiter: this.#outstanding.waiter, outcome: { kind: "timeout", sent: true } });
      this.#outstanding = null;
    }
    for (const { waiter } of this.#waiting.filter(isOver)) {
      ended.push({ waiter, outcome: { kind: "timeout", sent: false } });
    }
    this.#waiting = this.#waiting.filter((call) => !isOver(call));
    return ended;
  }

  /** Epoch milliseconds of the earliest deadline, null when nothing waits. */
  nextDeadline(): number | null {
    const calls = this.#outstanding ? [this.#outstanding, ...this.#waiting] : this.#waiting;
    return calls.length === 0 ? null : Math.min(...calls.map((call) => call.deadlineAt));
  }

  /** The socket is gone without a successor: everything ends. */
  drop(reason: "disconnected" | "superseded"): EndedCall<Waiter>[] {
    const ended = this.#loseOutstanding(reason);
    for (const { waiter } of this.#waiting)
      ended.push({ waiter, outcome: { kind: "lost", sent: false, reason } });
    this.#waiting = [];
    return ended;
  }

  /** A newer socket of the same station took over: the outstanding call ends, the waiting ones go to it in order. */
  takeover(): EndedCall<Waiter>[] {
    return this.#loseOutstanding("superseded");
  }

  #loseOutstanding(reason: "disconnected" | "superseded"): EndedCall<Waiter>[] {
    if (!this.#outstanding) return [];
    const { waiter } = this.#outstanding;
    this.#outstanding = null;
    return [{ waiter, outcome: { kind: "lost", sent: true, reason } }];
  }
}

/** How one command to a station ended. `sent` false: the station never got it and never will. */
export type CallOutcome =
  | { readonly kind: "answered"; readonly payload: JsonValue }
  | {
      readonly kind: "stationError";
      /** As received: every spelling of every version occurs. */
      readonly code: string;
      readonly description: string;
      readonly action: string;
    }
  | { readonly kind: "invalidAnswer"; readonly reason: string }
  /** The last part of a report has come, and these have not. */
  | { readonly kind: "incompleteReport"; readonly missing: readonly number[] }
  /** Cannot be said in the version of the connection, so it was never sent. `pointer`: to what is wrong in the CALL. */
  | { readonly kind: "invalidCommand"; readonly reason: string; readonly pointer: string }
  /** `timeoutMs` where the version of the connection decided it. */
  | { readonly kind: "timeout"; readonly sent: boolean; readonly timeoutMs?: number }
  | { readonly kind: "lost"; readonly sent: boolean; readonly reason: "disconnected" | "superseded" }
  | { readonly kind: "offline" }
  | { readonly kind: "busy" }
  | { readonly kind: "notAccepted" }
  | { readonly kind: "notProvisioned" };
