import type { SignatureMode } from "./signature.ts";

/** Faults that tests switch on by `POST /_test/faults`. All are off by default. */
export interface Faults {
  /** Deliver every k-th message twice. */
  duplicateEvery: number;
  duplicateMode: "sequential" | "concurrent";
  /** Treat the answer of every k-th delivery's first attempt as lost. */
  loseResponseEvery: number;
  /** Indexes of the items that are refused in every batch of several items. */
  refuseItems: number[];
  /** Answer the next publishes with this status and store nothing. */
  publishAnswer: { status: number; count: number } | null;
  signature: SignatureMode;
  /** Send every attempt of a message with the token of its first attempt. */
  repeatToken: boolean;
  lazyBytes: number | null;
  /** Accepts a run whose id is that of a run that has ended. */
  reuseRunIds: boolean;
  /** Timeout of a delivery in ms. */
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
