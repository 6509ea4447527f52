import { certificateSigned, deleteCertificate } from "../maintenance/certificate-store.ts";
import { currentNameplate, updateFirmware } from "../maintenance/firmware.ts";
import { dataTransfer } from "../line/inbound.ts";
import { clearCache } from "../charging/local-list.ts";
import { getLog } from "../maintenance/log-upload.ts";
import type { Dialect } from "../station/turn.ts";
import { absentFunctions } from "./absent-functions.ts";
import { getInstalledCertificateIds, installCertificate } from "./certificates.ts";
import { clearChargingProfile, getCompositeSchedule, setChargingProfile } from "./charging-profile.ts";
import { customerInformation } from "./customer-information.ts";
import { clearDisplayMessage, getDisplayMessages, setDisplayMessage } from "./display-messages.ts";
import { getChargingProfiles } from "./get-charging-profiles.ts";
import { getLocalListVersion, sendLocalList } from "./local-list.ts";
import {
  cancelReservation,
  changeAvailability,
  getTransactionStatus,
  requestStartTransaction,
  requestStopTransaction,
  reserveNow,
  reset,
  triggerMessage,
  unlockConnector,
} from "./remote-control.ts";
import { getBaseReport, getReport } from "./report.ts";
import { transactions2x } from "./transaction.ts";
import { getVariables, setVariables } from "./variables.ts";

export const dialect2x: Dialect = {
  ...transactions2x,
  firstConnector: 1,
  boot: (turn, reason) => {
    const { vendor, ...plate } = currentNameplate(turn);
    return { reason, chargingStation: { ...plate, vendorName: vendor } };
  },
  status: (turn, evseId, connectorStatus) => ({
    timestamp: turn.now(),
    connectorStatus,
    evseId,
    connectorId: 1,
  }),
  actions: {
    ...absentFunctions,
    CancelReservation: cancelReservation,
    CertificateSigned: certificateSigned,
    ChangeAvailability: changeAvailability,
    ClearCache: clearCache,
    ClearChargingProfile: clearChargingProfile,
    ClearDisplayMessage: clearDisplayMessage,
    CustomerInformation: customerInformation,
    DataTransfer: dataTransfer,
    DeleteCertificate: deleteCertificate,
    GetBaseReport: getBaseReport,
    GetChargingProfiles: getChargingProfiles,
    GetCompositeSchedule: getCompositeSchedule,
    GetDisplayMessages: getDisplayMessages,
    GetInstalledCertificateIds: getInstalledCertificateIds,
    GetLocalListVersion: getLocalListVersion,
    GetLog: getLog,
    GetReport: getReport,
    GetTransactionStatus: getTransactionStatus,
    GetVariables: getVariables,
    InstallCertificate: installCertificate,
    RequestStartTransaction: requestStartTransaction,
    RequestStopTransaction: requestStopTransaction,
    ReserveNow: reserveNow,
    Reset: reset,
    SendLocalList: sendLocalList,
    SetChargingProfile: setChargingProfile,
    SetDisplayMessage: setDisplayMessage,
    SetVariables: setVariables,
    TriggerMessage: triggerMessage,
    UnlockConnector: unlockConnector,
    UpdateFirmware: updateFirmware,
  },
};
