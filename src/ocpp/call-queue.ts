import type { ErrorFrame, ResultFrame } from "./frame.ts";
import type { JsonValue } from "./json.ts";
import type { Finding } from "./validators.ts";
import type { OcppVersion } from "./version.ts";

/** A CALL that waits or is outstanding. */
export interface QueuedCall<Command, Waiter> {
  /** OCPP message id. It must be unique per sender across connections, so it is a UUID. */
  readonly id: string;
  readonly command: Command;
  /** Deadline for waiting and answer together, epoch ms. */
  readonly deadlineAt: number;
  /** Latest time to send it, epoch ms: what is left then is for the answer. */
  readonly sendBy: number;
  /** Returned with the outcome, exactly once. */
  readonly waiter: Waiter;
}

/** A CALL that has ended, with its outcome. */
export interface EndedCall<Waiter> {
  readonly waiter: Waiter;
  readonly outcome: CallOutcome;
}

interface OutstandingCall<Command, Waiter> extends QueuedCall<Command, Waiter> {
  readonly action: string;
}

/** Most calls that wait for one station. */
export const QUEUE_LENGTH_MAX = 32;

/**
 * Queue of calls to one station: first in, first out, one outstanding (OCPP 2.0.1 part 4 §4.1.1). It has no timer and
 * no socket: its owner sends what `next` returns, calls `expire` at `nextDeadline`, and settles every returned
 * waiter.
 */
export class CallQueue<Command, Waiter> {
  #waiting: QueuedCall<Command, Waiter>[] = [];
  #outstanding: OutstandingCall<Command, Waiter> | null = null;

  get length(): number {
    return this.#waiting.length;
  }

  /** The call that was sent and not answered, with its action once `markSent` was called; null: none. */
  get outstanding(): { readonly id: string; readonly action: string } | null {
    return this.#outstanding;
  }

  enqueue(call: QueuedCall<Command, Waiter>): EndedCall<Waiter>[] {
    if (this.#waiting.length >= QUEUE_LENGTH_MAX) return [{ waiter: call.waiter, outcome: { kind: "busy" } }];
    this.#waiting.push(call);
    return [];
  }

  /** Puts the next call of a command at the front, so that the calls of two commands are not interleaved. */
  resume(call: QueuedCall<Command, Waiter>): void {
    this.#waiting.unshift(call);
  }

  /**
   * Returns the call to send now; null: one is outstanding or none waits. A call past its `sendBy` is never sent: the station would
   * get the next one before it could answer. `expire` ends it.
   */
  next(now: number): QueuedCall<Command, Waiter> | null {
    if (this.#outstanding) return null;
    const index = this.#waiting.findIndex((call) => call.sendBy > now);
    const [call] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (!call) return null;
    this.#outstanding = { ...call, action: "" };
    return call;
  }

  /** Records the action of the outstanding call. */
  markSent(action: string): void {
    if (this.#outstanding) this.#outstanding = { ...this.#outstanding, action };
  }

  /** Removes a call that `next` returned and that needs no message. The caller settles its waiter. */
  release(messageId: string): boolean {
    if (this.#outstanding?.id !== messageId) return false;
    this.#outstanding = null;
    return true;
  }

  /**
   * Ends the outstanding call with its answer. Empty: the frame answers no outstanding call, because it is late,
   * repeated or invented.
   */
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

  /** Earliest deadline, epoch ms; null: the queue is empty. */
  nextDeadline(): number | null {
    let earliestAt = this.#outstanding?.deadlineAt ?? null;
    for (const { deadlineAt } of this.#waiting)
      if (earliestAt === null || deadlineAt < earliestAt) earliestAt = deadlineAt;
    return earliestAt;
  }

  /** Ends all calls. Call when the socket closed and no newer one exists. */
  drop(reason: "disconnected" | "superseded"): EndedCall<Waiter>[] {
    const ended = this.#loseOutstanding(reason);
    for (const { waiter } of this.#waiting)
      ended.push({ waiter, outcome: { kind: "lost", sent: false, reason } });
    this.#waiting = [];
    return ended;
  }

  /**
   * Ends the outstanding call. Call when a newer socket of the station replaced this one; waiting calls are sent on
   * the new socket, in order.
   */
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

/** Outcome of a command. `sent` false: the station did not get it and never will. */
export type CallOutcome =
  | { readonly kind: "answered"; readonly payload: JsonValue }
  | {
      readonly kind: "stationError";
      /** Error code as received, in any spelling of any version. */
      readonly code: string;
      readonly description: string;
      readonly action: string;
    }
  | { readonly kind: "invalidAnswer"; readonly reason: string }
  /** The last part of a report arrived, and the parts with these numbers are missing. */
  | { readonly kind: "incompleteReport"; readonly missing: readonly number[] }
  /**
   * The command has no encoding in the version of the connection, so it was not sent. `pointer`: JSON pointer to the
   * error in the CALL.
   */
  | { readonly kind: "invalidCommand"; readonly reason: string; readonly pointer: string }
  /** No action that a central system may send to a station of this version, so it was not sent. */
  | { readonly kind: "unknownAction"; readonly version: OcppVersion }
  /** Written for another version than that of the connection, which is `version`, so it was not sent. */
  | { readonly kind: "otherVersion"; readonly version: OcppVersion }
  /** A payload that breaks the schema of this version, so it was not sent. `finding`: the first one. */
  | {
      readonly kind: "invalidPayload";
      readonly version: OcppVersion;
      readonly action: string;
      readonly finding: Finding;
    }
  /** `timeoutMs` is set if the deadline depends on the version of the connection. */
  | { readonly kind: "timeout"; readonly sent: boolean; readonly timeoutMs?: number }
  | { readonly kind: "lost"; readonly sent: boolean; readonly reason: "disconnected" | "superseded" }
  | { readonly kind: "offline" }
  | { readonly kind: "busy" }
  | { readonly kind: "notAccepted" }
  /** What the command needs beside the station cannot be had, so it was not sent. */
  | { readonly kind: "unavailable" }
  | { readonly kind: "notProvisioned" };
