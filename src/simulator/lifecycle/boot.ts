import type { JsonObject } from "../../ocpp/json.ts";
import { call, type CallEnd } from "../line/calls.ts";
import { reportStatuses } from "../charging/connectors.ts";
import { firmwareBooted } from "../maintenance/firmware.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { tellUpload } from "../maintenance/log-upload.ts";
import type { BootOutcome, Turn } from "../station/turn.ts";

/** Seconds until the next boot if the central system gave no interval or no answer. */
const RETRY_SECONDS = 10;

/** Sends BootNotification, unless one is waiting. `reason`: BootReason of 2.x. */
export function bootNow(turn: Turn, reason: string): void {
  const { state } = turn;
  const isWaiting = [state.outstanding, ...state.queue].some((plan) => plan?.action === "BootNotification");
  if (isWaiting) return;
  turn.clearTimer("boot");
  call(turn, "BootNotification", turn.dialect.boot(turn, reason));
}

/** Call when the interval before the next boot is over. */
export function bootAgain(turn: Turn): void {
  const { link, bootReason } = turn.state;
  if (link === "up" && bootReason !== null) bootNow(turn, bootReason);
}

export function bootAnswered(turn: Turn, how: CallEnd): void {
  if (how.kind !== "result") return retry(turn, how.kind === "silent" ? "silent" : "failed", 0);
  const intervalSeconds = readInterval(how.payload);
  switch (how.payload["status"]) {
    case "Accepted":
      return accepted(turn, intervalSeconds);
    case "Pending":
      withdrawn(turn, "pending");
      return retry(turn, "pending", intervalSeconds);
    case "Rejected":
      withdrawn(turn, "rejected");
      return retry(turn, "rejected", intervalSeconds);
    default:
      return retry(turn, "failed", 0);
  }
}

/** A triggered boot may end an acceptance. Only triggered messages stay in the queue then. */
function withdrawn(turn: Turn, registration: "pending" | "rejected"): void {
  const { queue, memory } = turn.state;
  const kept = registration === "pending" ? queue.filter(({ triggered }) => triggered) : [];
  turn.change({ registration, queue: kept, memory: { ...memory, booted: false } });
}

function accepted(turn: Turn, intervalSeconds: number): void {
  const { memory } = turn.state;
  const heartbeatSeconds = intervalSeconds || memory.heartbeatSeconds;
  turn.change({
    registration: "accepted",
    bootReason: null,
    failures: 0,
    memory: { ...memory, booted: true, heartbeatSeconds },
  });
  turn.emit({ kind: "boot", outcome: "accepted" });
  firmwareBooted(turn);
  tellUpload(turn);
  reportStatuses(turn);
  startHeartbeat(turn);
}

function retry(turn: Turn, outcome: BootOutcome, intervalSeconds: number): void {
  turn.emit({ kind: "boot", outcome });
  const waitSeconds = intervalSeconds || RETRY_SECONDS;
  turn.setTimer("boot", turn.between(1, 1.1) * waitSeconds * 1_000);
}

function readInterval(payload: JsonObject): number {
  const interval = payload["interval"];
  return typeof interval === "number" && interval > 0 ? Math.min(interval, 604_800) : 0;
}
