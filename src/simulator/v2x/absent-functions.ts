import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import { incomplete } from "../line/inbound.ts";
import { listOf, textOf } from "../station/read.ts";
import type { InboundHandler } from "../station/turn.ts";
import { findVariable } from "./variables.ts";

/** A function that the station does not have, in the word that the specification has for it. */
const says =
  (status: string): InboundHandler =>
  () => ({ result: { status } });

/** The same where a reason can be given. */
const notEnabled: InboundHandler = () => ({
  result: { status: "Rejected", statusInfo: { reasonCode: "NotEnabled" } },
});

const empty: InboundHandler = () => ({ result: {} });

/** SetVariableMonitoring (N04): no variable supports monitoring, as the reports of the station say. */
const setVariableMonitoring: InboundHandler = (turn, payload) => {
  const results: JsonObject[] = [];
  for (const entry of listOf(payload, "setMonitoringData") ?? []) {
    const found = isJsonObject(entry) ? findVariable(turn, entry) : null;
    if (!isJsonObject(entry) || !found) return incomplete(payload, "setMonitoringData", "array");
    const { component, variable } = found;
    const { type = "", severity = 0 } = entry;
    const status = found.kind === "known" ? "UnsupportedMonitorType" : found.kind;
    results.push({ status, type, severity, component, variable });
  }
  if (results.length === 0) return incomplete(payload, "setMonitoringData", "array");
  return { result: { setMonitoringResult: results } };
};

/** ClearVariableMonitoring (N06): there are no monitors. */
const clearVariableMonitoring: InboundHandler = (_turn, payload) => {
  const ids = listOf(payload, "id") ?? [];
  if (ids.length === 0) return incomplete(payload, "id", "array");
  return { result: { clearMonitoringResult: ids.map((id) => ({ id, status: "NotFound" })) } };
};

/** ClearTariffs (I08, 2.1): there are no tariffs. */
const clearTariffs: InboundHandler = (_turn, payload) => {
  const tariffIds = listOf(payload, "tariffIds");
  const results = tariffIds?.map((tariffId) => ({ tariffId, status: "NoTariff" })) ?? [
    { status: "NoTariff" },
  ];
  return { result: { clearTariffsResult: results } };
};

/** ChangeTransactionTariff (I11, 2.1). */
const changeTransactionTariff: InboundHandler = (turn, payload) => {
  const id = textOf(payload, "transactionId");
  const { charges } = turn.state.memory;
  const isRunning = Object.values(charges).some((charge) => charge.stage === "charging" && charge.id === id);
  return { result: { status: isRunning ? "Rejected" : "TxNotFound" } };
};

/**
 * Requests for functions that a simulated station does not have: monitoring, firmware for others, other network profiles, tariffs,
 * streams, distributed energy resources, batteries.
 */
export const absentFunctions: Readonly<Record<string, InboundHandler>> = {
  ClearVariableMonitoring: clearVariableMonitoring,
  // The answer is empty, and there is no display that would show the cost.
  CostUpdated: empty,
  GetMonitoringReport: says("NotSupported"),
  PublishFirmware: notEnabled,
  SetMonitoringBase: says("NotSupported"),
  SetMonitoringLevel: says("Rejected"),
  SetNetworkProfile: notEnabled,
  SetVariableMonitoring: setVariableMonitoring,
  UnpublishFirmware: says("NoFirmware"),

  // 2.1
  AdjustPeriodicEventStream: says("Rejected"),
  AFRRSignal: says("Rejected"),
  ChangeTransactionTariff: changeTransactionTariff,
  ClearDERControl: says("NotSupported"),
  ClearTariffs: clearTariffs,
  GetDERControl: says("NotSupported"),
  GetPeriodicEventStream: empty,
  GetTariffs: says("NoTariff"),
  NotifyAllowedEnergyTransfer: says("Rejected"),
  NotifyWebPaymentStarted: empty,
  RequestBatterySwap: says("Rejected"),
  SetDefaultTariff: says("Rejected"),
  SetDERControl: says("NotSupported"),
  UpdateDynamicSchedule: says("Rejected"),
  UsePriorityCharging: says("NoProfile"),
};
