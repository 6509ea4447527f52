import { compact } from "../../ocpp/command-script.ts";
import { encodeError, encodeResult, type CallFrame } from "../../ocpp/frame.ts";
import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import { isKnownAction } from "../station/known-actions.ts";
import { hangUp, redialLater } from "./line.ts";
import { listOf, textOf } from "../station/read.ts";
import type { Turn } from "../station/turn.ts";
import type { Rehearsal } from "../station/state.ts";

/**
 * Faults that can be rehearsed: the CALL is refused, answered with a CALLERROR, not answered, or the connection
 * closes.
 */
const FAULTS = ["Refused", "CallError", "Silence", "Drop"] as const satisfies readonly Rehearsal["fault"][];

const MESSAGE = "Rehearse";

type Refusal = (payload: JsonObject) => JsonObject;

const saying =
  (status: string): Refusal =>
  () => ({ status });
const REJECTED = saying("Rejected");

/** Refusal with one result per element of a list of the request. */
const each =
  (asked: string, told: string, refused: (element: JsonObject) => JsonObject): Refusal =>
  (payload) => ({ [told]: (listOf(payload, asked) ?? []).filter(isJsonObject).map(refused) });

const variableOf = ({ component = {}, variable = {} }: JsonObject): JsonObject => ({ component, variable });

/**
 * Refusal of each action. A 1.6 station refuses a diagnostics upload by naming no file, and a key by calling it
 * unknown. Actions that are missing here cannot be refused in any version.
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
  ClearTariffs: (payload) => ({
    clearTariffsResult: (listOf(payload, "tariffIds") ?? [undefined]).map((tariffId) =>
      compact({ status: "Rejected", tariffId }),
    ),
  }),
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
  SetVariableMonitoring: each("setMonitoringData", "setMonitoringResult", (asked) => ({
    status: "Rejected",
    type: asked.type ?? "",
    severity: asked.severity ?? 0,
    ...variableOf(asked),
  })),
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

/** Stores a rehearsal, for instance `Refused` or `Refused SetChargingProfile`. False: unknown fault or action. */
export function arrangeRehearsal(turn: Turn, payload: JsonObject): boolean {
  const [word, action = null, ...more] = (textOf(payload, "data") ?? "").split(" ");
  const fault = FAULTS.find((known) => known === word);
  const isKnown = action === null || isKnownAction(turn.version, action);
  if (!fault || !isKnown || more.length > 0) return false;
  turn.change({ rehearsal: { fault, action } });
  return true;
}

/** Applies a stored rehearsal to this CALL. False: none applies. */
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

/** Answer that refuses a CALL. UpdateFirmware of 1.6 has no refusal. */
function refusal(turn: Turn, { id, action, payload }: CallFrame): string {
  const isWordless =
    !isKnownAction(turn.version, action) || (action === "UpdateFirmware" && turn.version === "ocpp1.6");
  const refused = isWordless || !Object.hasOwn(REFUSALS, action) ? undefined : REFUSALS[action];
  return refused
    ? encodeResult(id, refused(payload))
    : encodeError(id, "NotSupported", "As rehearsed", turn.version);
}
