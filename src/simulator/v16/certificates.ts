import { installer } from "../certificate-store.ts";
import { incomplete } from "../inbound.ts";
import { textOf } from "../read.ts";
import type { InboundHandler } from "../turn.ts";

const TYPES = ["CentralSystemRootCertificate", "ManufacturerRootCertificate"];

export const installCertificate = installer(() => TYPES);

/** Security whitepaper M03 */
export const getInstalledCertificateIds: InboundHandler = (turn, payload) => {
  const wanted = textOf(payload, "certificateType");
  if (wanted === undefined || !TYPES.includes(wanted)) return incomplete(payload, "certificateType");
  const found = turn.state.memory.certificates.filter(({ type }) => type === wanted);
  if (found.length === 0) return { result: { status: "NotFound" } };
  return { result: { status: "Accepted", certificateHashData: found.map(({ hash }) => ({ ...hash })) } };
};
