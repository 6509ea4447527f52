import type { JsonObject } from "../../ocpp/json.ts";
import type { StopReason } from "../../ocpp/station-event.ts";
import type { Reading } from "./measurands.ts";

/** An id token; in 1.6 an id tag. */
export interface IdToken {
  readonly idToken: string;
  /** Token type of 2.x; 1.6 stations have "Central". */
  readonly type: string;
}

/** Current that the station offers the car: A per phase, number of phases, and the first phase (1 to 3). */
export interface Flow {
  readonly amps: number;
  readonly phases: number;
  readonly firstPhase: number;
}

/**
 * One charge on one connector: waiting for the cable (`preparing`), for the authorization (`authorizing`), in a
 * transaction (`charging`), or over with the car still plugged in (`finishing`).
 */
export interface Charge {
  readonly stage: "preparing" | "authorizing" | "charging" | "finishing";
  /** Id of the transaction: sent in 2.x, internal in 1.6. */
  readonly id: string;
  readonly token: IdToken;
  readonly remoteStartId: number | null;
  readonly reservationId: number | null;
  readonly startedAtMs: number;
  readonly meterStartWh: number;
  /** seqNo of the next TransactionEvent. */
  readonly seqNo: number;
  readonly flow: Flow;
  /** Time up to which the meter has counted the current flow, epoch ms. */
  readonly meteredAtMs: number;
  /** Clock-aligned values that the last message will contain. */
  readonly aligned?: readonly AlignedReading[];
  /** True: the tag was refused, and the transaction goes on without energy. */
  readonly isRefused?: boolean;
  /** How a running transaction charges. Absent in memory that an older release stored. */
  readonly state?: ChargingState;
  /** When the car began to draw, epoch ms: its power rises from then on. */
  readonly drawsSinceMs?: number;
  /** How long the transaction lasts at most, and how much energy it takes; null: no limit. */
  readonly lastsMs?: number | null;
  readonly untilWh?: number | null;
  /** True: the driver presented the token at the station. */
  readonly isByCard?: boolean;
}

/** Which side pauses a running transaction, if any. */
export type ChargingState = "Charging" | "SuspendedEV" | "SuspendedEVSE";

/** Clock-aligned values of one time. */
export interface AlignedReading {
  readonly atMs: number;
  readonly readings: readonly Reading[];
}

/**
 * A transaction message that is stored until it is confirmed. In 1.6 its transaction id is filled in when it is sent.
 */
export interface TransactionMessage {
  readonly action: string;
  readonly payload: JsonObject;
  readonly chargeId: string;
  /** True: neither the first nor the last message of its transaction; it may be dropped if the backlog is full. */
  readonly isIntermediate: boolean;
  readonly attempts: number;
}

export type MessageBody = Pick<TransactionMessage, "action" | "payload">;

/** Why a transaction ended. A version that lacks a reason reports the nearest one it has. */
export type EndReason = StopReason;

/** Why a running transaction sends an update. */
export type UpdateReason = "aligned" | "limit" | "periodic" | "triggered";

export const NO_FLOW: Flow = { amps: 0, phases: 0, firstPhase: 1 };
