import type { JsonObject } from "../../ocpp/json.ts";
import type { Reading } from "./measurands.ts";

/** An id token; in 1.6 an id tag. */
export interface IdToken {
  readonly idToken: string;
  /** Token type of 2.x; 1.6 stations have "Central". */
  readonly type: string;
}

/** Current into the car: A per phase, number of phases, and the first phase (1 to 3). */
export interface Flow {
  readonly amps: number;
  readonly phases: number;
  readonly firstPhase: number;
}

/**
 * One car on one connector: waiting for its cable (`preparing`), for the authorization (`authorizing`), in a
 * transaction (`charging`), or still plugged in after it (`finishing`).
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
}

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

/** Why a transaction ended, as in 1.6. */
export type EndReason = "DeAuthorized" | "HardReset" | "PowerLoss" | "Remote" | "SoftReset" | "UnlockCommand";

/** Why a running transaction sends an update. */
export type UpdateReason = "aligned" | "limit" | "periodic" | "triggered";

export const NO_FLOW: Flow = { amps: 0, phases: 0, firstPhase: 1 };
