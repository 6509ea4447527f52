import { rootCertificateHash, type CertificateHash } from "../station/certificate.ts";
import { incomplete } from "../line/inbound.ts";
import { objectOf, textOf } from "../station/read.ts";
import type { Turn, Answer, InboundHandler } from "../station/turn.ts";

const CERTIFICATES_MAX = 10;

/**
 * InstallCertificate (2.x M05, security whitepaper M05): installs a root certificate of one of these types, up to a
 * maximum number.
 */
export function installer(types: (turn: Turn) => readonly string[]): InboundHandler {
  return function installCertificate(turn, payload) {
    const type = textOf(payload, "certificateType");
    const pem = textOf(payload, "certificate");
    if (type === undefined || !types(turn).includes(type)) return incomplete(payload, "certificateType");
    if (pem === undefined) return incomplete(payload, "certificate");
    const hash = rootCertificateHash(pem);
    const { certificates } = turn.state.memory;
    const others = certificates.filter((each) => each.type !== type || !hash || !isSame(each.hash, hash));
    if (!hash || others.length >= CERTIFICATES_MAX) return { result: { status: "Rejected" } };
    turn.remember({ certificates: [...others, { type, hash }] });
    return { result: { status: "Accepted" } };
  };
}

/** DeleteCertificate (2.x M04, security whitepaper M04). */
export const deleteCertificate: InboundHandler = (turn, payload) => {
  const given = objectOf(payload, "certificateHashData");
  if (!given) return incomplete(payload, "certificateHashData", "object");
  const { certificates } = turn.state.memory;
  const kept = certificates.filter(({ hash }) => !isSame(hash, given));
  if (kept.length === certificates.length) return { result: { status: "NotFound" } };
  turn.remember({ certificates: kept });
  return { result: { status: "Accepted" } };
};

/** CertificateSigned: always rejected, because the station never requests a certificate (2.x A02.FR.07). */
export const certificateSigned: InboundHandler = (_turn, payload): Answer =>
  textOf(payload, "certificateChain") === undefined
    ? incomplete(payload, "certificateChain")
    : { result: { status: "Rejected" } };

/** Whether two hashes are equal; hexadecimal digits are compared case-insensitively. */
function isSame(hash: CertificateHash, other: object): boolean {
  return Object.entries(hash).every(
    ([name, value]) => String(Reflect.get(other, name)).toLowerCase() === value.toLowerCase(),
  );
}
