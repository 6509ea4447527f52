import type { OcppVersion } from "./version.ts";

/** RPC error codes in the spelling of OCPP 2.x; `spell` gives the one to write. */
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

/** The misspellings of 1.6 are official and stay (OCPP-J 1.6 errata, section 5). */
const SPELLED_1_6: Partial<Record<ErrorCode, string>> = {
  FormatViolation: "FormationViolation",
  OccurrenceConstraintViolation: "OccurenceConstraintViolation",
  MessageTypeNotSupported: "GenericError",
  RpcFrameworkError: "FormationViolation",
};

export function spell(code: ErrorCode, version: OcppVersion): string {
  return (version === "ocpp1.6" && SPELLED_1_6[code]) || code;
}

/** Some stations swap NotImplemented and NotSupported; both mean that the station cannot do it. */
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

/** The code that answers a payload which breaks the schema at this JSON-schema keyword. */
export function codeOfKeyword(keyword: string): ErrorCode {
  return BY_KEYWORD[keyword] ?? "PropertyConstraintViolation";
}
