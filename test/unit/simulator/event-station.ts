import { afterEach, beforeAll, expect } from "vitest";
import { loadValidators, type Validators } from "../../../src/ocpp/validators.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { StationUnderTest } from "./station-under-test.ts";

export const DONE = { kind: "done", result: null };
export const ignored = { kind: "ignored", reason: expect.any(String) };
export const at = { connectorId: 1 } as const;
/** A driver with the card TAG at connector 1, without a limit. */
export const session = {
  kind: "start_session",
  ...at,
  idToken: "TAG",
  durationSeconds: null,
  targetEnergyWh: null,
} as const;

/** A station that events happen at, and what it told of them. Every frame it sends fits its schema. */
export function eventStation(version: OcppVersion) {
  const is16 = version === "ocpp1.6";
  let validators: Validators;
  let station: StationUnderTest;

  beforeAll(async () => {
    validators = await loadValidators(version);
  });
  afterEach(() => {
    for (const frame of station.calls())
      expect([frame, validators.request(frame.action, frame.payload)]).toEqual([frame, null]);
  });

  const transactionActions = ["StartTransaction", "StopTransaction", "TransactionEvent"];
  const NOTHING: { payload: Record<string, unknown> } = { payload: {} };
  const messages = () => station.calls().filter(({ action }) => transactionActions.includes(action));
  return {
    is16,
    begun: is16 ? "StartTransaction" : "Started",
    ended: is16 ? "StopTransaction" : "Ended",
    use: (next: StationUnderTest) => (station = next),
    messages,
    kinds: () => messages().map(({ action, payload }) => payload["eventType"] ?? action),
    statuses: () =>
      station
        .calls("StatusNotification")
        .filter(({ payload }) => (is16 ? payload["connectorId"] : payload["evseId"]) === 1)
        .map(({ payload }) => payload["status"] ?? payload["connectorStatus"]),
    /** Why the last transaction ended. */
    reason: () => {
      const { payload } = messages().at(-1) ?? NOTHING;
      const info = payload["transactionInfo"] as Record<string, unknown> | undefined;
      return payload["reason"] ?? info?.["stoppedReason"];
    },
    /** The last meter values of a transaction, by measurand. */
    metered: () => {
      const { payload } = station.calls(is16 ? "MeterValues" : "TransactionEvent").at(-1) ?? NOTHING;
      const [value] = payload["meterValue"] as Array<{ sampledValue: Array<Record<string, unknown>> }>;
      return new Map(value?.sampledValue.map(({ measurand, value: read }) => [measurand, Number(read)]));
    },
    /** Lets an event happen and answers what it sends. */
    happens: (...input: Parameters<StationUnderTest["happen"]>) => {
      const end = station.happen(...input);
      station.answerAll();
      return end;
    },
  };
}
