import { parseFrame } from "../ocpp/frame.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import { callEnded } from "./lifecycle/answered.ts";
import { retryBacklog } from "./line/backlog.ts";
import { bootAgain } from "./lifecycle/boot.ts";
import { giveUpAnswer, takeAnswer } from "./line/calls.ts";
import { progress } from "./charging/charging.ts";
import { continueFirmware } from "./maintenance/firmware.ts";
import { beat } from "./lifecycle/heartbeat.ts";
import { answerCall } from "./line/inbound.ts";
import { dialAgain } from "./line/line.ts";
import { connected, disconnected, powerOff, powerOn, restart } from "./lifecycle/link.ts";
import { continueUpload } from "./maintenance/log-upload.ts";
import { expireReservations } from "./charging/reservations.ts";
import { sample, sampleAligned } from "./charging/sampling.ts";
import type { StationState } from "./station/state.ts";
import { reviewFlows } from "./charging/transactions.ts";
import {
  type Dialect,
  type Effect,
  type Input,
  type Surroundings,
  type TimerName,
  Turn,
} from "./station/turn.ts";
import { dialect16 } from "./v16/dialect.ts";
import { dialect2x } from "./v2x/dialect.ts";

const DIALECTS: Readonly<Record<OcppVersion, Dialect>> = {
  "ocpp1.6": dialect16,
  "ocpp2.0.1": dialect2x,
  "ocpp2.1": dialect2x,
};

/** Result of a step. */
export interface Step {
  readonly state: StationState;
  readonly effects: readonly Effect[];
}

/**
 * One step of a simulated station: new state and effects for an input. Pure: time, random values and ids are
 * arguments; frames and timers are effects.
 */
export function step(state: StationState, input: Input, around: Surroundings): Step {
  const turn = new Turn(state, around, DIALECTS[state.profile.version]);
  react(turn, input);
  return { state: turn.state, effects: turn.effects };
}

function react(turn: Turn, input: Input): void {
  switch (input.kind) {
    case "powerOn":
      return powerOn(turn);
    case "powerOff":
      return powerOff(turn);
    case "connected":
      return connected(turn);
    case "disconnected":
      return disconnected(turn, input.notBeforeMs);
    case "frame":
      return read(turn, input.text);
    case "timer":
      return fired(turn, input.name);
  }
}

type ConnectorTimer = Extract<TimerName, `connector ${number}`>;

const TIMERS: Readonly<Record<Exclude<TimerName, ConnectorTimer>, (turn: Turn) => void>> = {
  aligned: sampleAligned,
  answer: (turn) => callEnded(turn, giveUpAnswer(turn)),
  backlog: retryBacklog,
  boot: bootAgain,
  dial: dialAgain,
  firmware: continueFirmware,
  heartbeat: beat,
  limits: reviewFlows,
  log: continueUpload,
  meter: sample,
  reservation: expireReservations,
  restart,
};

function fired(turn: Turn, name: TimerName): void {
  if (isConnectorTimer(name)) progress(turn, Number(name.slice("connector ".length)));
  else TIMERS[name](turn);
}

function isConnectorTimer(name: TimerName): name is ConnectorTimer {
  return name.startsWith("connector ");
}

function read(turn: Turn, text: string): void {
  if (turn.state.link !== "up") return;
  const frame = parseFrame(text, turn.version);
  switch (frame.kind) {
    case "call":
      return answerCall(turn, frame);
    case "result":
      return callEnded(turn, takeAnswer(turn, frame.id, frame.payload));
    case "error":
      return callEnded(turn, takeAnswer(turn, frame.id, null));
    case "malformed":
      if (frame.reply !== null) turn.emit({ kind: "send", text: frame.reply });
      return;
    case "resultError":
    case "send":
      return;
  }
}
