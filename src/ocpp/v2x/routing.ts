import type { RoutingTable } from "../handler.ts";
import { dataTransfer, vendorOf } from "../inbound/data-transfer.ts";
import { firmwareStatus, logStatus } from "../inbound/job-status.ts";
import { heartbeat, notified, refused, securityEvent } from "../inbound/simple-handlers.ts";
import { optionalObjects, optionalText } from "../payload.ts";
import { tokenNeeds } from "./id-token.ts";
import { authorize } from "./inbound/authorize.ts";
import { bootNotification } from "./inbound/boot-notification.ts";
import { clearedChargingLimit, notifyChargingLimit } from "./inbound/charging-limit.ts";
import { getCertificateChainStatus } from "./inbound/get-certificate-chain-status.ts";
import { meterValues } from "./inbound/meter-values.ts";
import { notifyEvent } from "./inbound/notify-event.ts";
import { reportPart } from "./inbound/report-part.ts";
import { reservationStatusUpdate } from "./inbound/reservation-status-update.ts";
import { statusNotification } from "./inbound/status-notification.ts";
import { transactionEvent } from "./inbound/transaction-event.ts";
import { vatNumberValidation } from "./inbound/vat-number-validation.ts";

/**
 * Actions that a 2.0.1 or 2.1 station may send: action to handler. Actions that 2.0.1 does not define are refused
 * before on 2.0.1.
 */
export const routesV2x: RoutingTable = {
  Authorize: { handler: authorize, needs: tokenNeeds },
  BootNotification: { handler: bootNotification },
  ClearedChargingLimit: { handler: clearedChargingLimit },
  DataTransfer: { handler: dataTransfer, needs: vendorOf },
  FirmwareStatusNotification: { handler: firmwareStatus(false) },
  // Contract certificates, OCSP and signing need services that Busbar does not have.
  Get15118EVCertificate: { handler: refused({ status: "Failed", exiResponse: "" }) },
  GetCertificateStatus: { handler: refused({ status: "Failed" }) },
  Heartbeat: { handler: heartbeat },
  LogStatusNotification: { handler: logStatus },
  MeterValues: { handler: meterValues },
  NotifyChargingLimit: { handler: notifyChargingLimit },
  NotifyCustomerInformation: {
    handler: reportPart("customerInformation", (payload) => [{ data: optionalText(payload, "data") ?? "" }]),
  },
  NotifyDisplayMessages: {
    handler: reportPart("displayMessages", (payload) => optionalObjects(payload, "messageInfo")),
  },
  // Busbar makes no ISO 15118 schedules, so there is no profile to offer (K15).
  NotifyEVChargingNeeds: { handler: notified("NotifyEVChargingNeeds", { status: "Rejected" }) },
  NotifyEVChargingSchedule: { handler: notified("NotifyEVChargingSchedule", { status: "Accepted" }) },
  NotifyEvent: { handler: notifyEvent },
  NotifyMonitoringReport: {
    handler: reportPart("monitoring", (payload) => optionalObjects(payload, "monitor")),
  },
  NotifyReport: { handler: reportPart("variables", (payload) => optionalObjects(payload, "reportData")) },
  PublishFirmwareStatusNotification: { handler: firmwareStatus(true) },
  ReportChargingProfiles: { handler: reportPart("chargingProfiles", (payload) => [payload]) },
  ReservationStatusUpdate: { handler: reservationStatusUpdate },
  SecurityEventNotification: { handler: securityEvent },
  SignCertificate: { handler: refused({ status: "Rejected" }) },
  StatusNotification: { handler: statusNotification },
  TransactionEvent: { handler: transactionEvent, needs: tokenNeeds },

  // 2.1
  BatterySwap: { handler: notified("BatterySwap") },
  ClosePeriodicEventStream: { handler: refused({}) },
  GetCertificateChainStatus: { handler: getCertificateChainStatus },
  NotifyDERAlarm: { handler: notified("NotifyDERAlarm") },
  NotifyDERStartStop: { handler: notified("NotifyDERStartStop") },
  NotifyPeriodicEventStream: { handler: notified("NotifyPeriodicEventStream") },
  NotifyPriorityCharging: { handler: notified("NotifyPriorityCharging") },
  NotifySettlement: { handler: notified("NotifySettlement") },
  OpenPeriodicEventStream: { handler: refused({ status: "Rejected" }) },
  // K28.FR.12: Busbar has no dynamic profiles.
  PullDynamicScheduleUpdate: { handler: refused({ status: "Rejected" }) },
  ReportDERControl: { handler: reportPart("derControl", (payload) => [payload]) },
  VatNumberValidation: { handler: vatNumberValidation },
};
