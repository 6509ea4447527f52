import { installer } from "../maintenance/certificate-store.ts";
import { listOf } from "../station/read.ts";
import type { Answer, InboundHandler } from "../station/turn.ts";

const TYPES = [
  "V2GRootCertificate",
  "MORootCertificate",
  "CSMSRootCertificate",
  "ManufacturerRootCertificate",
];

export const installCertificate = installer((turn) =>
  turn.version === "ocpp2.1" ? [...TYPES, "OEMRootCertificate"] : TYPES,
);

/** GetInstalledCertificateIds (M03); without types all are returned. */
export const getInstalledCertificateIds: InboundHandler = (turn, payload): Answer => {
  const wanted = listOf(payload, "certificateType");
  const found = turn.state.memory.certificates.filter(({ type }) => wanted?.includes(type) ?? true);
  if (found.length === 0) return { result: { status: "NotFound" } };
  const certificateHashDataChain = found.map(({ type, hash }) => ({
    certificateType: type,
    certificateHashData: { ...hash },
  }));
  return { result: { status: "Accepted", certificateHashDataChain } };
};
