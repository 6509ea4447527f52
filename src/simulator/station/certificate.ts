import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Hash data by which OCPP identifies a certificate. */
export interface CertificateHash {
  readonly hashAlgorithm: "SHA256";
  readonly issuerNameHash: string;
  readonly issuerKeyHash: string;
  readonly serialNumber: string;
}

/** A root certificate in the station's store. */
export interface InstalledCertificate {
  /** In the words of the version it was installed in. */
  readonly type: string;
  readonly hash: CertificateHash;
}

/** A DER value: its content is `[from, to)`, its tag is at `at`. */
interface Value {
  readonly tag: number;
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

const VERSION_TAG = 0xa0;

/** Hash data of a root certificate in PEM; null: not a certificate. Only a root contains its issuer's key. */
export function rootCertificateHash(pem: string): CertificateHash | null {
  const bytes = bytesOf(pem);
  const whole = bytes && valueAt(bytes, 0);
  const [body] = whole ? childrenOf(bytes, whole) : [];
  if (!bytes || !body) return null;
  const fields = childrenOf(bytes, body).filter(({ tag }) => tag !== VERSION_TAG);
  const [serial, , issuer, , subject, keyInfo] = fields;
  const key = keyInfo && childrenOf(bytes, keyInfo)[1];
  if (!serial || !issuer || !subject || !key) return null;
  const issuerNameHash = hashOf(bytes.subarray(issuer.at, issuer.to));
  if (issuerNameHash !== hashOf(bytes.subarray(subject.at, subject.to))) return null;
  // A bit string starts with a byte that is the number of unused bits.
  const issuerKeyHash = hashOf(bytes.subarray(key.from + 1, key.to));
  return { hashAlgorithm: "SHA256", issuerNameHash, issuerKeyHash, serialNumber: hexOf(bytes, serial) };
}

/**
 * SHA-256 in lower-case hexadecimal digits. The platform's function is asynchronous, and a step of the state machine
 * is not.
 */
export function hashOf(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

function bytesOf(pem: string): Uint8Array | null {
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  try {
    return body === undefined
      ? null
      : Uint8Array.from(atob(body.replace(/\s/g, "")), (each) => each.charCodeAt(0));
  } catch {
    return null;
  }
}

/** DER value at a position; null: none of definite length. */
function valueAt(bytes: Uint8Array, at: number): Value | null {
  const tag = bytes[at];
  const short = bytes[at + 1];
  if (tag === undefined || short === undefined || short === 0x80 || short > 0x83) return null;
  const lengthBytes = short > 0x80 ? short - 0x80 : 0;
  const long = [...bytes.subarray(at + 2, at + 2 + lengthBytes)];
  const length = lengthBytes > 0 ? long.reduce((sum, each) => sum * 256 + each, 0) : short;
  const from = at + 2 + lengthBytes;
  return from + length <= bytes.length ? { tag, at, from, to: from + length } : null;
}

function childrenOf(bytes: Uint8Array, { from, to }: Value): Value[] {
  const children: Value[] = [];
  for (let at = from; at < to;) {
    const child = valueAt(bytes, at);
    if (!child || child.to > to) return [];
    children.push(child);
    at = child.to;
  }
  return children;
}

/** Hexadecimal digits of a number without leading zeros, as OCPP requires. */
function hexOf(bytes: Uint8Array, { from, to }: Value): string {
  return bytesToHex(bytes.subarray(from, to)).replace(/^0+(?=.)/, "");
}
