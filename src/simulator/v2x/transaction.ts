import type { JsonObject } from "../../ocpp/json.ts";
import type { AlignedReading, Charge, EndReason, MessageBody, UpdateReason } from "../station/charge.ts";
import { measurandsOf, meterReading, readMeter } from "../charging/meter.ts";
import { stateOf } from "../station/state.ts";
import type { Turn, Dialect } from "../station/turn.ts";
import type { Reading, ReadingContext } from "../station/measurands.ts";

type Transactions = Pick<
  Dialect,
  "verdictField" | "meterValues" | "authorize" | "started" | "updated" | "ended" | "addressed"
>;

const UPDATES: Readonly<Record<UpdateReason, { trigger: string; context: ReadingContext | null }>> = {
  aligned: { trigger: "MeterValueClock", context: "Sample.Clock" },
  limit: { trigger: "ChargingStateChanged", context: null },
  periodic: { trigger: "MeterValuePeriodic", context: "Sample.Periodic" },
  triggered: { trigger: "Trigger", context: "Trigger" },
};

const ENDS: Readonly<Record<EndReason, { trigger: string; stopped: string }>> = {
  DeAuthorized: { trigger: "Deauthorized", stopped: "DeAuthorized" },
  EmergencyStop: { trigger: "AbnormalCondition", stopped: "EmergencyStop" },
  EnergyLimitReached: { trigger: "EnergyLimitReached", stopped: "EnergyLimitReached" },
  EVDisconnected: { trigger: "EVCommunicationLost", stopped: "EVDisconnected" },
  GroundFault: { trigger: "AbnormalCondition", stopped: "GroundFault" },
  HardReset: { trigger: "ResetCommand", stopped: "ImmediateReset" },
  ImmediateReset: { trigger: "ResetCommand", stopped: "ImmediateReset" },
  Local: { trigger: "StopAuthorized", stopped: "Local" },
  LocalOutOfCredit: { trigger: "AbnormalCondition", stopped: "LocalOutOfCredit" },
  MasterPass: { trigger: "StopAuthorized", stopped: "MasterPass" },
  Other: { trigger: "AbnormalCondition", stopped: "Other" },
  OvercurrentFault: { trigger: "AbnormalCondition", stopped: "OvercurrentFault" },
  PowerLoss: { trigger: "AbnormalCondition", stopped: "PowerLoss" },
  PowerQuality: { trigger: "AbnormalCondition", stopped: "PowerQuality" },
  Reboot: { trigger: "ResetCommand", stopped: "Reboot" },
  Remote: { trigger: "RemoteStop", stopped: "Remote" },
  SOCLimitReached: { trigger: "ChargingStateChanged", stopped: "SOCLimitReached" },
  SoftReset: { trigger: "ResetCommand", stopped: "ImmediateReset" },
  StoppedByEV: { trigger: "ChargingStateChanged", stopped: "StoppedByEV" },
  TimeLimitReached: { trigger: "TimeLimitReached", stopped: "TimeLimitReached" },
  Timeout: { trigger: "EVConnectTimeout", stopped: "Timeout" },
  UnlockCommand: { trigger: "UnlockCommand", stopped: "Other" },
};

const SETTING_OF: Readonly<Record<ReadingContext, string>> = {
  "Sample.Clock": "MeterValuesAlignedData",
  "Sample.Periodic": "MeterValuesSampledData",
  "Transaction.Begin": "TxStartedMeasurands",
  "Transaction.End": "StopTxnSampledData",
  Trigger: "MeterValuesSampledData",
};

/** Messages of a transaction: TransactionEvent (E01 to E07). */
export const transactions2x: Transactions = {
  verdictField: "idTokenInfo",
  authorize: ({ idToken, type }) => ({ idToken: { idToken, type } }),
  meterValues: (turn, evseId, context) => ({ evseId, meterValue: [meterValue(turn, evseId, context)] }),
  started: (turn, evseId, charge) =>
    event(turn, evseId, charge, "Started", charge.isByCard ? "Authorized" : "RemoteStart", {
      transactionInfo: { ...info(charge), ...(charge.remoteStartId !== null && remote(charge)) },
      idToken: { idToken: charge.token.idToken, type: charge.token.type },
      ...(charge.reservationId !== null && { reservationId: charge.reservationId }),
      meterValue: [meterValue(turn, evseId, "Transaction.Begin")],
    }),
  updated: (turn, evseId, charge, why) => {
    const { trigger, context } = UPDATES[why];
    return event(turn, evseId, charge, "Updated", trigger, {
      transactionInfo: info(charge),
      ...(context && { meterValue: [meterValue(turn, evseId, context)] }),
    });
  },
  ended: (turn, evseId, charge, reason) =>
    event(turn, evseId, charge, "Ended", ENDS[reason].trigger, {
      transactionInfo: {
        transactionId: charge.id,
        chargingState: reason === "EVDisconnected" ? "Idle" : "EVConnected",
        stoppedReason: ENDS[reason].stopped,
      },
      meterValue: [...(charge.aligned ?? []).map(alignedValue), meterValue(turn, evseId, "Transaction.End")],
    }),
  addressed: (_turn, { payload }) => payload,
};

function event(
  turn: Turn,
  id: number,
  { seqNo }: Charge,
  eventType: string,
  triggerReason: string,
  rest: JsonObject,
): MessageBody {
  const offline: JsonObject = turn.state.link === "up" ? {} : { offline: true };
  const payload = { eventType, timestamp: turn.now(), triggerReason, seqNo, evse: { id, connectorId: 1 } };
  return { action: "TransactionEvent", payload: { ...payload, ...offline, ...rest } };
}

function info(charge: Charge): JsonObject {
  return { transactionId: charge.id, chargingState: stateOf(charge) };
}

function remote({ remoteStartId }: Charge): JsonObject {
  return { remoteStartId };
}

/** MeterValue of an event. It must not be empty, so it contains the energy register if no measurand is configured. */
function meterValue(turn: Turn, evseId: number, context: ReadingContext): JsonObject {
  const readings = readMeter(turn, evseId, measurandsOf(turn, SETTING_OF[context]));
  const register: Reading = {
    measurand: "Energy.Active.Import.Register",
    value: meterReading(turn, evseId),
    unit: "Wh",
    phase: null,
  };
  return sampled(turn.around.nowMs, readings.length > 0 ? readings : [register], context);
}

function alignedValue({ atMs, readings }: AlignedReading): JsonObject {
  return sampled(atMs, readings, "Sample.Clock");
}

function sampled(atMs: number, readings: readonly Reading[], context: ReadingContext): JsonObject {
  const sampledValue = readings.map((reading) => ({
    value: reading.value,
    context,
    measurand: reading.measurand,
    unitOfMeasure: { unit: reading.unit },
    ...(reading.phase !== null && { phase: reading.phase }),
    ...(reading.measurand === "SoC" && { location: "EV" }),
  }));
  return { timestamp: new Date(atMs).toISOString(), sampledValue };
}
