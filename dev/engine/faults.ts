import type { SignatureMode } from "./signature.ts";

/** Faults tests switch on through `POST /_test/faults`; everything is off by default. */
export interface Faults {
  /** Deliver every k-th message twice. */
  duplicateEvery: number;
  duplicateMode: "sequential" | "concurrent";
  /** Treat the answer of every k-th delivery's first attempt as lost. */
  loseResponseEvery: number;
  /** Positions refused in every batch of several items. */
  refuseItems: number[];
  /** Answer the next publishes with this status and store nothing. */
  publishAnswer: { status: number; count: number } | null;
  signature: SignatureMode;
  /** Send every attempt of a message with the token of its first attempt. */
  repeatToken: boolean;
  lazyBytes: number | null;
  /** Starts a run anew under the id of one that has ended. */
  reuseRunIds: boolean;
  /** How long an endpoint is waited for. */
  deliveryTimeoutMs: number | null;
  paused: boolean;
}

export function noFaults(): Faults {
  return {
    duplicateEvery: 0,
    duplicateMode: "sequential",
    loseResponseEvery: 0,
    refuseItems: [],
    publishAnswer: null,
    signature: "current",
    repeatToken: false,
    lazyBytes: null,
    reuseRunIds: false,
    deliveryTimeoutMs: null,
    paused: false,
  };
}
