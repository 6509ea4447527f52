import type { ErrorCode } from "../../ocpp/error-code.ts";
import type { JsonObject } from "../../ocpp/json.ts";
import type { StationCommand } from "../../ocpp/station-event.ts";
import type { Charge, EndReason, IdToken, MessageBody, TransactionMessage, UpdateReason } from "./charge.ts";
import type { ReadingContext } from "./measurands.ts";
import type { StationMemory, StationState } from "./state.ts";

export type TimerName =
  | "answer"
  | "aligned"
  | "backlog"
  | "boot"
  | "commands"
  | "dial"
  | "firmware"
  | "heartbeat"
  | "limits"
  | "log"
  | "meter"
  | "reservation"
  | "restart"
  /** The driver of one connector plugs in, gives up, or leaves. */
  | `connector ${number}`
  /** The transaction of one connector reaches a limit, or its car is full. */
  | `charge ${number}`;

/** What happens to a station. */
export type Input =
  | { readonly kind: "powerOn" }
  | { readonly kind: "powerOff" }
  | { readonly kind: "connected" }
  /**
   * The socket closed, or connecting failed. `notBeforeMs`: earliest time of the next attempt that the central system
   * asked for, epoch ms.
   */
  | { readonly kind: "disconnected"; readonly notBeforeMs?: number }
  | { readonly kind: "frame"; readonly text: string }
  /** A command that the station has room for: fewer than 32 wait. */
  | { readonly kind: "command"; readonly command: StationCommand }
  | { readonly kind: "timer"; readonly name: TimerName };

/** What the host has to do, in order. `remember` and `rotateKey` must be stored before later frames are sent. */
export type Effect =
  | { readonly kind: "dial" }
  | { readonly kind: "send"; readonly text: string }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  | { readonly kind: "setTimer"; readonly name: TimerName; readonly atMs: number }
  | { readonly kind: "clearTimer"; readonly name: TimerName }
  /** The station's memory changed and must be stored. */
  | { readonly kind: "remember" }
  | { readonly kind: "rotateKey"; readonly key: string }
  | { readonly kind: "commandEnded"; readonly id: string; readonly end: CommandEnd }
  /** Answer to a BootNotification; "failed": CALLERROR, "silent": no answer in time. */
  | { readonly kind: "boot"; readonly outcome: BootOutcome };

/** How a command to the station ended. */
export type CommandEnd =
  /** `result`: what the station says of it; null: nothing. */
  | { readonly kind: "done"; readonly result: JsonObject | null }
  /** It contradicts the state of the station and had no effect. */
  | { readonly kind: "ignored"; readonly reason: string }
  /** Its turn did not come in time. */
  | { readonly kind: "expired" };

export type BootOutcome = "accepted" | "pending" | "rejected" | "failed" | "silent";

/** Time, random values and ids of one step. */
export interface Surroundings {
  readonly nowMs: number;
  /** In [0, 1). */
  random(): number;
  /** A message id of at most 36 characters, unique per identity. */
  messageId(): string;
}

/** How a station answers a CALL, and what it does once the answer is out. */
export type Answer =
  | { readonly result: JsonObject; readonly after?: (turn: Turn) => void }
  | { readonly error: ErrorCode; readonly description?: string };

/** One action of the central system. Must not send anything itself: that belongs into `after`. */
export type InboundHandler = (turn: Turn, payload: JsonObject) => Answer;

/** What differs between OCPP versions: the messages of a station, and its handlers. */
export interface Dialect {
  /** First connector that reports a status: 1.6 reports the station as connector 0. */
  readonly firstConnector: 0 | 1;
  /** Field with the authorization status of a tag. */
  readonly verdictField: "idTagInfo" | "idTokenInfo";
  boot(turn: Turn, reason: string): JsonObject;
  /** Payload of StatusNotification, with `status` as in the version. */
  status(turn: Turn, connectorId: number, status: string): JsonObject;
  /** Payload of MeterValues outside of a transaction; connector 0: the main meter. */
  meterValues(turn: Turn, connectorId: number, context: ReadingContext): JsonObject;
  authorize(token: IdToken): JsonObject;
  started(turn: Turn, connectorId: number, charge: Charge): MessageBody;
  /** Message of an update; null: the version has none for it. */
  updated(turn: Turn, connectorId: number, charge: Charge, why: UpdateReason): MessageBody | null;
  ended(turn: Turn, connectorId: number, charge: Charge, reason: EndReason): MessageBody;
  /** Payload when it is sent: in 1.6 the transaction id may have become known since it was stored. */
  addressed(turn: Turn, message: TransactionMessage): JsonObject;
  /** Handlers of CALLs by action. */
  readonly actions: Readonly<Record<string, InboundHandler>>;
}

/** Longest timer; those of the runtime are limited to 24 days. */
const LOOK_AHEAD_MS = 86_400_000;

/** State and effects of the step that is being computed. */
export class Turn {
  state: StationState;
  readonly effects: Effect[] = [];
  readonly around: Surroundings;
  readonly dialect: Dialect;

  constructor(state: StationState, around: Surroundings, dialect: Dialect) {
    this.state = state;
    this.around = around;
    this.dialect = dialect;
  }

  get version() {
    return this.state.profile.version;
  }

  change(part: Partial<StationState>): void {
    this.state = { ...this.state, ...part };
  }

  /** Changes the memory. The host stores it once, at the end of the step. */
  remember(part: Partial<StationMemory>): void {
    this.change({ memory: { ...this.state.memory, ...part } });
    if (!this.effects.some(({ kind }) => kind === "remember")) this.emit({ kind: "remember" });
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  setTimer(name: TimerName, delayMs: number): void {
    this.emit({ kind: "setTimer", name, atMs: this.around.nowMs + Math.round(delayMs) });
  }

  /**
   * Sets a timer for a time that may be far ahead. It fires after a day at the latest; a handler that runs too early
   * sets it again.
   */
  setTimerAhead(name: TimerName, atMs: number): void {
    this.setTimer(name, Math.min(Math.max(0, atMs - this.around.nowMs), LOOK_AHEAD_MS));
  }

  clearTimer(name: TimerName): void {
    this.emit({ kind: "clearTimer", name });
  }

  /** RFC 3339, UTC, milliseconds. */
  now(): string {
    return new Date(this.around.nowMs).toISOString();
  }

  /** Random number between `low` and `high`. */
  between(low: number, high: number): number {
    return low + this.around.random() * (high - low);
  }
}
