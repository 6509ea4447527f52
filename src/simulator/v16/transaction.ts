import type { JsonObject } from "../../ocpp/json.ts";
import type { AlignedReading, EndReason } from "../station/charge.ts";
import { measurandsOf, meterReading, readMeter } from "../charging/meter.ts";
import type { Turn, Dialect } from "../station/turn.ts";
import type { Reading, ReadingContext } from "../station/measurands.ts";

/** Id of a transaction whose StartTransaction was not answered (errata 3.18). */
const NUMBER_UNKNOWN = -1;

const CONTEXTS = { aligned: "Sample.Clock", periodic: "Sample.Periodic", triggered: "Trigger" } as const;

/** Reasons that 1.6 does not have, as the nearest one that it has. */
const REASONS: Readonly<Partial<Record<EndReason, string>>> = {
  EnergyLimitReached: "Local",
  GroundFault: "Other",
  ImmediateReset: "HardReset",
  LocalOutOfCredit: "Local",
  MasterPass: "Local",
  OvercurrentFault: "Other",
  PowerQuality: "Other",
  SOCLimitReached: "Local",
  StoppedByEV: "Local",
  TimeLimitReached: "Local",
  Timeout: "Other",
};

type Transactions = Pick<
  Dialect,
  "verdictField" | "meterValues" | "authorize" | "started" | "updated" | "ended" | "addressed"
>;

/** Messages of a transaction: StartTransaction, MeterValues, StopTransaction (OCPP 1.6 §4.7, §4.8, §4.10). */
export const transactions16: Transactions = {
  verdictField: "idTagInfo",
  authorize: ({ idToken }) => ({ idTag: idToken }),
  meterValues: (turn, connectorId, context) => ({
    connectorId,
    ...numberAt(turn, connectorId),
    meterValue: [meterValue(turn, connectorId, context)],
  }),
  started: (turn, connectorId, { token, meterStartWh, reservationId }) => ({
    action: "StartTransaction",
    payload: {
      connectorId,
      idTag: token.idToken,
      meterStart: Math.floor(meterStartWh),
      timestamp: turn.now(),
      ...(reservationId !== null && { reservationId }),
    },
  }),
  updated: (turn, connectorId, _charge, why) => {
    if (why === "limit") return null;
    const payload = { connectorId, transactionId: NUMBER_UNKNOWN };
    const values = [meterValue(turn, connectorId, CONTEXTS[why])];
    return { action: "MeterValues", payload: { ...payload, meterValue: values } };
  },
  ended: (turn, connectorId, { token, aligned = [] }, reason) => ({
    action: "StopTransaction",
    payload: {
      transactionId: NUMBER_UNKNOWN,
      idTag: token.idToken,
      meterStop: meterReading(turn, connectorId),
      timestamp: turn.now(),
      reason: REASONS[reason] ?? reason,
      transactionData: [...aligned.map(alignedValue), meterValue(turn, connectorId, "Transaction.End")],
    },
  }),
  addressed: (turn, { action, payload, chargeId }) =>
    action === "StartTransaction"
      ? payload
      : { ...payload, transactionId: turn.state.memory.transactionIds[chargeId] ?? NUMBER_UNKNOWN },
};

function numberAt(turn: Turn, connectorId: number): JsonObject {
  const { charges, transactionIds } = turn.state.memory;
  const charge = charges[connectorId];
  const transactionId = charge?.stage === "charging" ? transactionIds[charge.id] : undefined;
  return transactionId === undefined ? {} : { transactionId };
}

function meterValue(turn: Turn, connectorId: number, context: ReadingContext): JsonObject {
  const setting = {
    "Sample.Clock": "MeterValuesAlignedData",
    "Transaction.End": "StopTxnSampledData",
    "Transaction.Begin": "MeterValuesSampledData",
    "Sample.Periodic": "MeterValuesSampledData",
    Trigger: "MeterValuesSampledData",
  }[context];
  const readings = readMeter(turn, connectorId, measurandsOf(turn, setting));
  return sampled(turn.around.nowMs, readings, context);
}

function alignedValue({ atMs, readings }: AlignedReading): JsonObject {
  return sampled(atMs, readings, "Sample.Clock");
}

function sampled(atMs: number, readings: readonly Reading[], context: ReadingContext): JsonObject {
  const sampledValue = readings.map((reading) => ({
    value: String(reading.value),
    context,
    measurand: reading.measurand,
    unit: reading.unit,
    ...(reading.phase !== null && { phase: reading.phase }),
    ...(reading.measurand === "SoC" && { location: "EV" }),
  }));
  return { timestamp: new Date(atMs).toISOString(), sampledValue };
}
