import { parseFrame } from "../ocpp/frame.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import { actOnCommands, take } from "./control/commands.ts";
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
import { chargeDue, reviewFlows } from "./charging/transactions.ts";
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
  actOnCommands(turn, state.memory.commands);
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
    case "command":
      return take(turn, input.command);
    case "timer":
      return fired(turn, input.name);
  }
}

type ConnectorTimer = Extract<TimerName, `connector ${number}` | `charge ${number}`>;
type StationTimer = Exclude<TimerName, ConnectorTimer>;

const TIMERS: Readonly<Record<StationTimer, (turn: Turn) => void>> = {
  aligned: sampleAligned,
  answer: (turn) => callEnded(turn, giveUpAnswer(turn)),
  backlog: retryBacklog,
  boot: bootAgain,
  // The end of every step looks at the commands.
  commands: () => {},
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
  const [what = "", connector] = name.split(" ");
  if (connector === undefined) TIMERS[what as StationTimer](turn);
  else if (what === "charge") chargeDue(turn, Number(connector));
  else progress(turn, Number(connector));
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
