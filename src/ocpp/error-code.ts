import type { OcppVersion } from "./version.ts";

/** RPC error codes in the spelling of OCPP 2.x; `spell` gives the spelling of a version. */
export type ErrorCode =
  | "NotImplemented"
  | "NotSupported"
  | "InternalError"
  | "ProtocolError"
  | "SecurityError"
  | "FormatViolation"
  | "PropertyConstraintViolation"
  | "OccurrenceConstraintViolation"
  | "TypeConstraintViolation"
  | "GenericError"
  | "MessageTypeNotSupported"
  | "RpcFrameworkError";

/** Misspelled codes of 1.6, which are official (OCPP-J 1.6 errata, section 5). */
const SPELLED_1_6: Partial<Record<ErrorCode, string>> = {
  FormatViolation: "FormationViolation",
  OccurrenceConstraintViolation: "OccurenceConstraintViolation",
  MessageTypeNotSupported: "GenericError",
  RpcFrameworkError: "FormationViolation",
};

export function spell(code: ErrorCode, version: OcppVersion): string {
  return (version === "ocpp1.6" && SPELLED_1_6[code]) || code;
}

/**
 * Whether a code means that the station cannot do what was asked. Some stations confuse NotImplemented and
 * NotSupported.
 */
export function isUnsupported(code: string): boolean {
  return code === "NotImplemented" || code === "NotSupported";
}

const BY_KEYWORD: Record<string, ErrorCode> = {
  required: "OccurrenceConstraintViolation",
  minItems: "OccurrenceConstraintViolation",
  maxItems: "OccurrenceConstraintViolation",
  additionalProperties: "OccurrenceConstraintViolation",
  type: "TypeConstraintViolation",
};

/** Error code for a payload that violates this JSON Schema keyword. */
export function codeOfKeyword(keyword: string): ErrorCode {
  return BY_KEYWORD[keyword] ?? "PropertyConstraintViolation";
}
