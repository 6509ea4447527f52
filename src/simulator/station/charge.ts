import type { JsonObject } from "../../ocpp/json.ts";
import type { Reading } from "./measurands.ts";

export interface IdToken {
  readonly idToken: string;
  /** 2.x; 1.6 stations keep "Central". */
  readonly type: string;
}

/** What flows into the car: amperes on each of `phases`, the first of which is `firstPhase` (1 to 3). */
export interface Flow {
  readonly amps: number;
  readonly phases: number;
  readonly firstPhase: number;
}

/**
 * One car at one connector: waiting for its cable (`preparing`), for the central system's word (`authorizing`), in a
 * transaction (`charging`), or over and still plugged in (`finishing`).
 */
export interface Charge {
  readonly stage: "preparing" | "authorizing" | "charging" | "finishing";
  /** Names the transaction: on the wire in 2.x, inside the station in 1.6. */
  readonly id: string;
  readonly token: IdToken;
  readonly remoteStartId: number | null;
  readonly reservationId: number | null;
  readonly startedAtMs: number;
  readonly meterStartWh: number;
  /** Of the next TransactionEvent. */
  readonly seqNo: number;
  readonly flow: Flow;
  /** The meter has counted the flow up to here, epoch ms. */
  readonly meteredAtMs: number;
  /** What the last message tells of the clock-aligned values. */
  readonly aligned?: readonly AlignedReading[];
  /** The central system refused its tag, and the station keeps the transaction without energy. */
  readonly isRefused?: boolean;
}

export interface AlignedReading {
  readonly atMs: number;
  readonly readings: readonly Reading[];
}

/** A message about a transaction, kept until it is confirmed. In 1.6 its transaction id is filled in when it is sent. */
export interface TransactionMessage {
  readonly action: string;
  readonly payload: JsonObject;
  readonly chargeId: string;
  /** May be lost when the memory is full: it is neither the first nor the last of its transaction. */
  readonly isIntermediate: boolean;
  readonly attempts: number;
}

export type MessageBody = Pick<TransactionMessage, "action" | "payload">;

/** Why a transaction ended, in the words of 1.6. */
export type EndReason = "DeAuthorized" | "HardReset" | "PowerLoss" | "Remote" | "SoftReset" | "UnlockCommand";

/** Why a running transaction is reported. */
export type UpdateReason = "aligned" | "limit" | "periodic" | "triggered";

export const NO_FLOW: Flow = { amps: 0, phases: 0, firstPhase: 1 };
