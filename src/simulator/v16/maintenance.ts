import { installer } from "../maintenance/certificate-store.ts";
import {
  isInstalling,
  startFirmwareUpdate,
  updateFirmware as updateWithRequest,
} from "../maintenance/firmware.ts";
import { incomplete } from "../line/inbound.ts";
import { logFileName, uploadLog } from "../maintenance/log-upload.ts";
import { objectOf, textOf, timeOf } from "../station/read.ts";
import type { InboundHandler } from "../station/turn.ts";

/**
 * UpdateFirmware (OCPP 1.6 §5.19). The answer is empty and cannot refuse; a request during an installation is
 * ignored.
 */
export const updateFirmware: InboundHandler = (turn, payload) => {
  const location = textOf(payload, "location");
  const retrieveAtMs = timeOf(payload, "retrieveDate");
  if (location === undefined) return incomplete(payload, "location");
  if (retrieveAtMs === undefined) return incomplete(payload, "retrieveDate");
  if (isInstalling(turn)) return { result: {} };
  const after = (answered: typeof turn) =>
    startFirmwareUpdate(answered, { requestId: null, location, retrieveAtMs });
  return { result: {}, after };
};

/** SignedUpdateFirmware (security whitepaper §4.3): as UpdateFirmware of 2.x, but a signature is required. */
export const signedUpdateFirmware: InboundHandler = (turn, payload) => {
  const firmware = objectOf(payload, "firmware") ?? {};
  const missing = ["signingCertificate", "signature"].find((field) => textOf(firmware, field) === undefined);
  return missing && payload["firmware"] ? incomplete(firmware, missing) : updateWithRequest(turn, payload);
};

/** GetDiagnostics (OCPP 1.6 §5.9). */
export const getDiagnostics: InboundHandler = (turn, payload) => {
  if (textOf(payload, "location") === undefined) return incomplete(payload, "location");
  const fileName = logFileName(turn, "diagnostics");
  const after = (answered: typeof turn) =>
    uploadLog(answered, { action: "DiagnosticsStatusNotification", requestId: null });
  return { result: { fileName }, after };
};

const TYPES = ["CentralSystemRootCertificate", "ManufacturerRootCertificate"];

export const installCertificate = installer(() => TYPES);

/** GetInstalledCertificateIds (security whitepaper M03). */
export const getInstalledCertificateIds: InboundHandler = (turn, payload) => {
  const wanted = textOf(payload, "certificateType");
  if (wanted === undefined || !TYPES.includes(wanted)) return incomplete(payload, "certificateType");
  const found = turn.state.memory.certificates.filter(({ type }) => type === wanted);
  if (found.length === 0) return { result: { status: "NotFound" } };
  return { result: { status: "Accepted", certificateHashData: found.map(({ hash }) => ({ ...hash })) } };
};
