import { compact } from "../../ocpp/command-script.ts";
import { encodeError, encodeResult, type CallFrame } from "../../ocpp/frame.ts";
import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import { isKnownAction } from "../station/known-actions.ts";
import { hangUp, redialLater } from "./line.ts";
import { listOf, textOf } from "../station/read.ts";
import type { Turn } from "../station/turn.ts";
import type { Rehearsal } from "../station/state.ts";

/** What goes wrong with a CALL: it is refused, answered with a CALLERROR, not at all, or the line drops. */
const FAULTS = ["Refused", "CallError", "Silence", "Drop"] as const satisfies readonly Rehearsal["fault"][];

const MESSAGE = "Rehearse";

type Refusal = (payload: JsonObject) => JsonObject;

const saying =
  (status: string): Refusal =>
  () => ({ status });
const REJECTED = saying("Rejected");

/** One answer for each element of a list of the request. */
const each =
  (asked: string, told: string, refused: (element: JsonObject) => JsonObject): Refusal =>
  (payload) => ({ [told]: (listOf(payload, asked) ?? []).filter(isJsonObject).map(refused) });

const variableOf = ({ component = {}, variable = {} }: JsonObject): JsonObject => ({ component, variable });

/**
 * How a station says no, in the words of its action. A 1.6 station without a log to upload names no file, and one that does not
 * tell a key does not know it. What is missing here has no words for it in any version.
 */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  AdjustPeriodicEventStream: REJECTED,
  AFRRSignal: REJECTED,
  CancelReservation: REJECTED,
  CertificateSigned: REJECTED,
  ChangeAvailability: REJECTED,
  ChangeConfiguration: REJECTED,
  ChangeTransactionTariff: REJECTED,
  ClearCache: REJECTED,
  ClearChargingProfile: saying("Unknown"),
  ClearDERControl: REJECTED,
  ClearDisplayMessage: saying("Unknown"),
  ClearVariableMonitoring: (payload) => ({
    clearMonitoringResult: (listOf(payload, "id") ?? []).map((id) => ({ status: "Rejected", id })),
  }),
  CustomerInformation: REJECTED,
  DataTransfer: REJECTED,
  DeleteCertificate: saying("Failed"),
  ExtendedTriggerMessage: REJECTED,
  GetBaseReport: REJECTED,
  GetChargingProfiles: saying("NoProfiles"),
  GetCompositeSchedule: REJECTED,
  GetConfiguration: (payload) => compact({ unknownKey: listOf(payload, "key") }),
  GetDERControl: REJECTED,
  GetDiagnostics: () => ({}),
  GetDisplayMessages: saying("Unknown"),
  GetInstalledCertificateIds: saying("NotFound"),
  GetLog: REJECTED,
  GetMonitoringReport: REJECTED,
  GetReport: REJECTED,
  GetTariffs: REJECTED,
  GetVariables: each("getVariableData", "getVariableResult", (asked) => ({
    attributeStatus: "Rejected",
    ...variableOf(asked),
  })),
  InstallCertificate: REJECTED,
  NotifyAllowedEnergyTransfer: REJECTED,
  PublishFirmware: REJECTED,
  RemoteStartTransaction: REJECTED,
  RemoteStopTransaction: REJECTED,
  RequestBatterySwap: REJECTED,
  RequestStartTransaction: REJECTED,
  RequestStopTransaction: REJECTED,
  ReserveNow: REJECTED,
  Reset: REJECTED,
  SendLocalList: saying("Failed"),
  SetChargingProfile: REJECTED,
  SetDefaultTariff: REJECTED,
  SetDERControl: REJECTED,
  SetDisplayMessage: REJECTED,
  SetMonitoringBase: REJECTED,
  SetMonitoringLevel: REJECTED,
  SetNetworkProfile: REJECTED,
  SetVariables: each("setVariableData", "setVariableResult", (asked) => ({
    attributeStatus: "Rejected",
    ...variableOf(asked),
  })),
  SignedUpdateFirmware: REJECTED,
  TriggerMessage: REJECTED,
  UnlockConnector: saying("UnlockFailed"),
  UnpublishFirmware: saying("NoFirmware"),
  UpdateDynamicSchedule: REJECTED,
  UpdateFirmware: REJECTED,
  UsePriorityCharging: REJECTED,
};

/** Whether a DataTransfer asks for a rehearsal. */
export function asksForRehearsal(payload: JsonObject): boolean {
  return textOf(payload, "messageId") === MESSAGE;
}

/** Arranges what was asked for, `Refused` or `Refused SetChargingProfile`. False: fault or action is not known. */
export function arrangeRehearsal(turn: Turn, payload: JsonObject): boolean {
  const [word, action = null, ...more] = (textOf(payload, "data") ?? "").split(" ");
  const fault = FAULTS.find((known) => known === word);
  const isKnown = action === null || isKnownAction(turn.version, action);
  if (!fault || !isKnown || more.length > 0) return false;
  turn.change({ rehearsal: { fault, action } });
  return true;
}

/** Treats this CALL as was asked for. False: as any other. */
export function rehearse(turn: Turn, call: CallFrame): boolean {
  const { rehearsal } = turn.state;
  if (rehearsal === null || (rehearsal.action ?? call.action) !== call.action) return false;
  turn.change({ rehearsal: null });
  const { fault } = rehearsal;
  if (fault === "Refused") turn.emit({ kind: "send", text: refusal(turn, call) });
  if (fault === "CallError")
    turn.emit({ kind: "send", text: encodeError(call.id, "InternalError", "As rehearsed", turn.version) });
  if (fault === "Drop") {
    hangUp(turn, "as rehearsed");
    redialLater(turn);
  }
  return true;
}

/** The answer to UpdateFirmware has no words in 1.6. */
function refusal(turn: Turn, { id, action, payload }: CallFrame): string {
  const isWordless = action === "UpdateFirmware" && turn.version === "ocpp1.6";
  const refused = isWordless || !Object.hasOwn(REFUSALS, action) ? undefined : REFUSALS[action];
  return refused
    ? encodeResult(id, refused(payload))
    : encodeError(id, "NotSupported", "As rehearsed", turn.version);
}
