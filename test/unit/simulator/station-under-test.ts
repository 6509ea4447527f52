import {
  FRESH_MEMORY,
  stationAtRest,
  type StationMemory,
  type StationState,
} from "../../../src/simulator/station/state.ts";
import { step } from "../../../src/simulator/step.ts";
import type { StationEvent } from "../../../src/ocpp/station-event.ts";
import type { CommandEnd, Effect, Input, TimerName } from "../../../src/simulator/station/turn.ts";
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
  /** What the central system thinks of every tag. */
  verdict = "Accepted";
  #ids = 0;

  /** Switched on, accepted by its central system. */
  static booted(version: OcppVersion): StationUnderTest {
    const station = new StationUnderTest(version);
    station.boot();
    return station;
  }

  constructor(
    version: OcppVersion,
    memory: StationMemory = FRESH_MEMORY,
    connectors = 2,
    maxPowerW = 22_000,
  ) {
    const profile = {
      identity: "CP-1",
      version,
      vendor: "A vendor with quite a long name",
      model: "A model with quite a long name",
      serialNumber: "0123456789",
      firmwareVersion: "1.0.0",
      connectors,
      maxPowerW,
      securityProfile: 2,
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
    while (this.state.outstanding) {
      const currentTime = new Date(this.nowMs).toISOString();
      const info = { status: this.verdict };
      this.answer({ currentTime, transactionId: 4711, idTagInfo: info, idTokenInfo: info });
    }
  }

  /** Answers until this action is outstanding. */
  answerUntil(action: string): void {
    while (this.state.outstanding?.action !== action) {
      if (!this.state.outstanding) throw new Error(`${action} was never sent`);
      this.answer({});
    }
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

  /** Lets an event happen; `laterMs`: how long it may wait for its turn. */
  happen(event: StationEvent, laterMs = 60_000): CommandEnd | null {
    const id = `e${++this.#ids}`;
    this.input({ kind: "command", command: { id, event, expiresAtMs: this.nowMs + laterMs } });
    return this.endOf(id);
  }

  /** How a command ended; null: it waits. */
  endOf(id: string): CommandEnd | null {
    const ended = this.effects.find((effect) => effect.kind === "commandEnded" && effect.id === id);
    return ended?.kind === "commandEnded" ? ended.end : null;
  }

  /** Moves the clock without firing anything. */
  pass(seconds: number): void {
    this.nowMs += seconds * 1_000;
  }

  /** Asks for a charge at connector 1: a driver is on the way. */
  invite(extra: object = {}): Sent | undefined {
    return this.state.profile.version === "ocpp1.6"
      ? this.call("RemoteStartTransaction", { idTag: "TAG", connectorId: 1, ...extra })
      : this.call("RequestStartTransaction", {
          remoteStartId: 42,
          idToken: { idToken: "TAG", type: "Central" },
          evseId: 1,
          ...extra,
        });
  }

  /** Has a driver charge at connector 1 after a remote start, everything answered. */
  charge(extra: object = {}): Sent | undefined {
    const answer = this.invite(extra);
    this.answerAll();
    if (this.timers.has("connector 1")) this.fire("connector 1");
    this.answerAll();
    return answer;
  }

  stop(): Sent | undefined {
    const id = this.state.memory.charges[1]?.id;
    const answer =
      this.state.profile.version === "ocpp1.6"
        ? this.call("RemoteStopTransaction", { transactionId: 4711 })
        : this.call("RequestStopTransaction", { transactionId: id });
    this.answerAll();
    return answer;
  }

  /** Sets one setting by its 1.6 key or its 2.x component and variable. */
  set(key: string, path: string, value: string): void {
    const [component = "", variable = ""] = path.split(".");
    if (this.state.profile.version === "ocpp1.6") this.call("ChangeConfiguration", { key, value });
    else
      this.call("SetVariables", {
        setVariableData: [
          { attributeValue: value, component: { name: component }, variable: { name: variable } },
        ],
      });
    this.answerAll();
  }

  /** Loses its line and gets it back. */
  reconnect(): void {
    this.fire("dial");
    this.input({ kind: "connected" });
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
