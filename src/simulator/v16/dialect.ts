import { certificateSigned, deleteCertificate } from "../certificate-store.ts";
import { clearCache } from "../clear-cache.ts";
import { dataTransfer } from "../data-transfer.ts";
import { currentNameplate } from "../firmware.ts";
import { getLog } from "../get-log.ts";
import { getInstalledCertificateIds, installCertificate } from "./certificates.ts";
import { changeAvailability } from "./change-availability.ts";
import { changeConfiguration } from "./change-configuration.ts";
import { clearChargingProfile, getCompositeSchedule, setChargingProfile } from "./charging-profile.ts";
import { getConfiguration } from "./get-configuration.ts";
import { getDiagnostics } from "./get-diagnostics.ts";
import { getLocalListVersion, sendLocalList } from "./local-list.ts";
import { remoteStartTransaction, remoteStopTransaction } from "./remote-transaction.ts";
import { cancelReservation, reserveNow } from "./reservations.ts";
import { reset } from "./reset.ts";
import { signedUpdateFirmware } from "./signed-update-firmware.ts";
import { transactions16 } from "./transaction.ts";
import { extendedTriggerMessage, triggerMessage } from "./trigger-message.ts";
import { unlockConnector } from "./unlock-connector.ts";
import { updateFirmware } from "./update-firmware.ts";
import type { Dialect } from "../turn.ts";

export const dialect16: Dialect = {
  ...transactions16,
  firstConnector: 0,
  boot: (turn) => {
    const plate = currentNameplate(turn);
    return {
      chargePointVendor: plate.vendor,
      chargePointModel: plate.model,
      chargePointSerialNumber: plate.serialNumber,
      firmwareVersion: plate.firmwareVersion,
    };
  },
  status: (turn, connectorId, status) => ({
    connectorId,
    errorCode: "NoError",
    status,
    timestamp: turn.now(),
  }),
  actions: {
    CancelReservation: cancelReservation,
    CertificateSigned: certificateSigned,
    ChangeAvailability: changeAvailability,
    ChangeConfiguration: changeConfiguration,
    ClearCache: clearCache,
    ClearChargingProfile: clearChargingProfile,
    DataTransfer: dataTransfer,
    DeleteCertificate: deleteCertificate,
    ExtendedTriggerMessage: extendedTriggerMessage,
    GetCompositeSchedule: getCompositeSchedule,
    GetConfiguration: getConfiguration,
    GetDiagnostics: getDiagnostics,
    GetInstalledCertificateIds: getInstalledCertificateIds,
    GetLocalListVersion: getLocalListVersion,
    GetLog: getLog,
    InstallCertificate: installCertificate,
    RemoteStartTransaction: remoteStartTransaction,
    RemoteStopTransaction: remoteStopTransaction,
    ReserveNow: reserveNow,
    Reset: reset,
    SendLocalList: sendLocalList,
    SetChargingProfile: setChargingProfile,
    SignedUpdateFirmware: signedUpdateFirmware,
    TriggerMessage: triggerMessage,
    UnlockConnector: unlockConnector,
    UpdateFirmware: updateFirmware,
  },
};
