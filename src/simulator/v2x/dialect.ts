import { certificateSigned, deleteCertificate } from "../certificate-store.ts";
import { clearCache } from "../clear-cache.ts";
import { dataTransfer } from "../data-transfer.ts";
import { currentNameplate } from "../firmware.ts";
import { getLog } from "../get-log.ts";
import { updateFirmware } from "../update-firmware.ts";
import { getInstalledCertificateIds, installCertificate } from "./certificates.ts";
import { changeAvailability } from "./change-availability.ts";
import { clearChargingProfile, getCompositeSchedule, setChargingProfile } from "./charging-profile.ts";
import { getChargingProfiles } from "./get-charging-profiles.ts";
import { getVariables } from "./get-variables.ts";
import { getLocalListVersion, sendLocalList } from "./local-list.ts";
import {
  getTransactionStatus,
  requestStartTransaction,
  requestStopTransaction,
} from "./remote-transaction.ts";
import { getBaseReport, getReport } from "./report.ts";
import { cancelReservation, reserveNow } from "./reservations.ts";
import { reset } from "./reset.ts";
import { setVariables } from "./set-variables.ts";
import { transactions2x } from "./transaction.ts";
import { triggerMessage } from "./trigger-message.ts";
import { unlockConnector } from "./unlock-connector.ts";
import type { Dialect } from "../turn.ts";

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
    CancelReservation: cancelReservation,
    CertificateSigned: certificateSigned,
    ChangeAvailability: changeAvailability,
    ClearCache: clearCache,
    ClearChargingProfile: clearChargingProfile,
    DataTransfer: dataTransfer,
    DeleteCertificate: deleteCertificate,
    GetBaseReport: getBaseReport,
    GetChargingProfiles: getChargingProfiles,
    GetCompositeSchedule: getCompositeSchedule,
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
    SetVariables: setVariables,
    TriggerMessage: triggerMessage,
    UnlockConnector: unlockConnector,
    UpdateFirmware: updateFirmware,
  },
};
