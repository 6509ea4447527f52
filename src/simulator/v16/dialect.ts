import { certificateSigned, deleteCertificate } from "../maintenance/certificate-store.ts";
import { currentNameplate } from "../maintenance/firmware.ts";
import { dataTransfer } from "../line/inbound.ts";
import { clearCache } from "../charging/local-list.ts";
import { getLog } from "../maintenance/log-upload.ts";
import { faultOf } from "../station/state.ts";
import type { Dialect } from "../station/turn.ts";
import { clearChargingProfile, getCompositeSchedule, setChargingProfile } from "./charging-profile.ts";
import { changeConfiguration, getConfiguration } from "./configuration.ts";
import { getLocalListVersion, sendLocalList } from "./local-list.ts";
import {
  getDiagnostics,
  getInstalledCertificateIds,
  installCertificate,
  signedUpdateFirmware,
  updateFirmware,
} from "./maintenance.ts";
import {
  cancelReservation,
  changeAvailability,
  extendedTriggerMessage,
  remoteStartTransaction,
  remoteStopTransaction,
  reserveNow,
  reset,
  triggerMessage,
  unlockConnector,
} from "./remote-control.ts";
import { transactions16 } from "./transaction.ts";

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
  status: (turn, connectorId, status) => {
    const fault = faultOf(turn.state.memory, connectorId);
    return {
      connectorId,
      errorCode: fault?.type ?? "NoError",
      status,
      timestamp: turn.now(),
      ...(fault?.info && { info: fault.info }),
    };
  },
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
