import type { ErrorCode } from "../../ocpp/error-code.ts";
import type { JsonObject } from "../../ocpp/json.ts";
import type { Charge, EndReason, IdToken, MessageBody, TransactionMessage, UpdateReason } from "./charge.ts";
import type { ReadingContext } from "./measurands.ts";
import type { StationMemory, StationState } from "./state.ts";

export type TimerName =
  | "answer"
  | "aligned"
  | "backlog"
  | "boot"
  | "dial"
  | "firmware"
  | "heartbeat"
  | "limits"
  | "log"
  | "meter"
  | "reservation"
  | "restart"
  /** The next thing that happens at one connector. */
  | `connector ${number}`;

export type Input =
  | { readonly kind: "powerOn" }
  | { readonly kind: "powerOff" }
  | { readonly kind: "connected" }
  /** The socket is gone, or a dial failed. `notBeforeMs`: when the central system wants the next dial at the earliest. */
  | { readonly kind: "disconnected"; readonly notBeforeMs?: number }
  | { readonly kind: "frame"; readonly text: string }
  | { readonly kind: "timer"; readonly name: TimerName };

/** To be carried out in order. `remember` and `rotateKey` must be durable before what follows them is sent. */
export type Effect =
  | { readonly kind: "dial" }
  | { readonly kind: "send"; readonly text: string }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  | { readonly kind: "setTimer"; readonly name: TimerName; readonly atMs: number }
  | { readonly kind: "clearTimer"; readonly name: TimerName }
  /** The state's memory changed. */
  | { readonly kind: "remember" }
  | { readonly kind: "rotateKey"; readonly key: string }
  /** How a BootNotification was answered; `failed` for a CALLERROR, `silent` for none in time. */
  | { readonly kind: "boot"; readonly outcome: BootOutcome };

export type BootOutcome = "accepted" | "pending" | "rejected" | "failed" | "silent";

export interface Surroundings {
  readonly nowMs: number;
  /** In [0, 1). */
  random(): number;
  /** At most 36 characters, never twice for one identity. */
  messageId(): string;
}

/** How a station answers a CALL, and what it does once the answer is out. */
export type Answer =
  | { readonly result: JsonObject; readonly after?: (turn: Turn) => void }
  | { readonly error: ErrorCode; readonly description?: string };

/** One action of the central system. Must not send anything itself: that belongs into `after`. */
export type InboundHandler = (turn: Turn, payload: JsonObject) => Answer;

/** What differs between the versions: how a station says things, and what it answers. */
export interface Dialect {
  /** 1.6 reports the station itself as connector 0. */
  readonly firstConnector: 0 | 1;
  /** Where an answer says what a tag is worth. */
  readonly verdictField: "idTagInfo" | "idTokenInfo";
  boot(turn: Turn, reason: string): JsonObject;
  /** `status` in the words of the version. */
  status(turn: Turn, connectorId: number, status: string): JsonObject;
  /** What the meter of one connector shows outside any transaction, 0 for the main meter. */
  meterValues(turn: Turn, connectorId: number, context: ReadingContext): JsonObject;
  authorize(token: IdToken): JsonObject;
  started(turn: Turn, connectorId: number, charge: Charge): MessageBody;
  /** Null when the version has no message for it. */
  updated(turn: Turn, connectorId: number, charge: Charge, why: UpdateReason): MessageBody | null;
  ended(turn: Turn, connectorId: number, charge: Charge, reason: EndReason): MessageBody;
  /** The payload as it is sent now: in 1.6 the transaction's number may have become known meanwhile. */
  addressed(turn: Turn, message: TransactionMessage): JsonObject;
  /** CALLs of the central system, spelled as in the specification. */
  readonly actions: Readonly<Record<string, InboundHandler>>;
}

/** Timers of the runtime end after 24 days. */
const LOOK_AHEAD_MS = 86_400_000;

/** One step in the making: the state so far and what is to be done. */
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

  /** Changes the memory durably. The host writes the memory at the end of the step: once is enough. */
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

  /** For a moment that may be far: fires after a day at the latest, and whoever wakes too early sets it again. */
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

  /** Between `low` and `high`, both in the caller's unit. */
  between(low: number, high: number): number {
    return low + this.around.random() * (high - low);
  }
}
