import {
  FRESH_MEMORY,
  stationAtRest,
  type StationMemory,
  type StationState,
} from "../../../src/simulator/state.ts";
import { step } from "../../../src/simulator/step.ts";
import type { Effect, Input, TimerName } from "../../../src/simulator/turn.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";

export interface Sent {
  type: number;
  id: string;
  action: string;
  payload: Record<string, unknown>;
}

/** A station with a hand-turned clock: every effect is recorded, timers fire when the test says so. */
export class StationUnderTest {
  state: StationState;
  nowMs = Date.UTC(2026, 0, 1);
  readonly sent: Sent[] = [];
  readonly effects: Effect[] = [];
  readonly timers = new Map<TimerName, number>();
  #ids = 0;

  constructor(version: OcppVersion, memory: StationMemory = FRESH_MEMORY, connectors = 2) {
    const profile = {
      identity: "CP-1",
      version,
      vendor: "A vendor with quite a long name",
      model: "A model with quite a long name",
      serialNumber: "0123456789",
      firmwareVersion: "1.0.0",
      connectors,
      maxPowerW: 22_000,
    };
    this.state = stationAtRest(profile, memory);
  }

  input(input: Input): Effect[] {
    const around = {
      nowMs: this.nowMs,
      random: () => 0.5,
      messageId: () => `m${++this.#ids}`,
    };
    const next = step(this.state, input, around);
    this.state = next.state;
    for (const effect of next.effects) this.#note(effect);
    return [...next.effects];
  }

  #note(effect: Effect): void {
    this.effects.push(effect);
    if (effect.kind === "setTimer") this.timers.set(effect.name, effect.atMs);
    if (effect.kind === "clearTimer") this.timers.delete(effect.name);
    if (effect.kind === "send") this.sent.push(readSent(effect.text));
  }

  /** Switches on, connects and has the boot accepted; every other CALL is answered too. */
  boot(intervalSeconds = 300): void {
    this.input({ kind: "powerOn" });
    this.input({ kind: "connected" });
    this.answer({
      status: "Accepted",
      currentTime: new Date(this.nowMs).toISOString(),
      interval: intervalSeconds,
    });
    this.answerAll();
  }

  /** Answers the CALL that is outstanding. */
  answer(payload: object): Effect[] {
    const id = this.state.outstanding?.id ?? "none";
    return this.input({ kind: "frame", text: JSON.stringify([3, id, payload]) });
  }

  answerAll(): void {
    while (this.state.outstanding) this.answer({ currentTime: new Date(this.nowMs).toISOString() });
  }

  /** A CALL of the central system; returns the answer. */
  call(action: string, payload: object, id = `c${++this.#ids}`): Sent | undefined {
    this.input({ kind: "frame", text: JSON.stringify([2, id, action, payload]) });
    return this.sent.find((frame) => frame.type !== 2 && frame.id === id);
  }

  /** Turns the clock to this timer and fires it. */
  fire(name: TimerName): Effect[] {
    const atMs = this.timers.get(name);
    if (atMs === undefined) throw new Error(`timer ${name} is not set`);
    this.timers.delete(name);
    this.nowMs = Math.max(this.nowMs, atMs);
    return this.input({ kind: "timer", name });
  }

  calls(action?: string): Sent[] {
    return this.sent.filter((frame) => frame.type === 2 && (!action || frame.action === action));
  }
}

function readSent(text: string): Sent {
  const [type, id, third, fourth] = JSON.parse(text) as [number, string, unknown, unknown];
  if (type === 2) return { type, id, action: String(third), payload: fourth as Record<string, unknown> };
  if (type === 3) return { type, id, action: "", payload: third as Record<string, unknown> };
  return { type, id, action: String(third), payload: {} };
}
