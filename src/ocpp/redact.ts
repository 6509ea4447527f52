import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { MASK, maskText } from "./secret-text.ts";
import { isSecretKey, isSecretName, SECRET_WORD_PATTERN } from "./secrets.ts";

/** Words that may belong to a secret, and JSON escapes, which may hide one. Most frames do not match. */
const SUSPICIOUS = new RegExp(
  `${SECRET_WORD_PATTERN}|keycode|"vpn"|:\\/\\/|"\\s*(?:https?|wss?|ftps?|sftp):|cap_|eyJ|bearer |basic |\\\\[u/"\\\\]`,
  "i",
);

/** Deepest level that is examined; deeper values are masked. Frames nested this deep are refused anyway. */
const DEPTH_MAX = 64;

/** Fields that hold the value of the variable or key that a row names. */
const VALUE_FIELDS: ReadonlySet<string> = new Set(["value", "attributeValue", "actualValue"]);

/**
 * Frame text with secrets masked: values under a secret name (`isSecretName`), VPN secrets, PIN tokens, and what
 * `maskText` finds. Text that matches `SUSPICIOUS` and is not JSON is masked as a whole.
 */
export function redactFrame(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  const value = parse(text);
  return value === undefined ? MASK : JSON.stringify(redact(value));
}

/** The same for a payload. */
export function redactPayload(payload: JsonObject): JsonObject {
  return redactObject(payload, 0);
}

/** The same for any JSON value, for instance of the command history. */
export function redact(value: JsonValue, depth = 0): JsonValue {
  if (depth > DEPTH_MAX) return MASK;
  if (typeof value === "string") return redactText(value, depth);
  if (Array.isArray(value)) return value.map((entry) => redact(entry, depth + 1));
  return isJsonObject(value) ? redactObject(value, depth) : value;
}

function redactObject(object: JsonObject, depth: number): JsonObject {
  const isSecretRow = namesSecret(object);
  const isPin = typeof object.type === "string" && object.type.toLowerCase() === "keycode";
  const redacted: JsonObject = {};
  for (const [name, value] of Object.entries(object)) {
    if (isSecretName(name) || (isSecretRow && VALUE_FIELDS.has(name))) redacted[name] = MASK;
    else if (isPin && (name === "idToken" || name === "additionalInfo")) redacted[name] = MASK;
    else if (name === "vpn") redacted[name] = redactVpn(value, depth);
    else if (isSecretRow && name === "variableAttribute") redacted[name] = redactAttributes(value, depth);
    else redacted[name] = redact(value, depth + 1);
  }
  return redacted;
}

/** `{key: "AuthorizationKey"}` of 1.6 and `{variable: {name: "BasicAuthPassword"}}` of 2.x */
function namesSecret({ key, variable }: JsonObject): boolean {
  if (typeof key === "string" && isSecretKey(key)) return true;
  return isJsonObject(variable) && typeof variable.name === "string" && isSecretName(variable.name);
}

function redactVpn(value: JsonValue, depth: number): JsonValue {
  if (!isJsonObject(value)) return redact(value, depth + 1);
  const secrets = Object.keys(value).filter((name) => name === "password" || name === "key");
  return { ...redactObject(value, depth + 1), ...Object.fromEntries(secrets.map((name) => [name, MASK])) };
}

function redactAttributes(value: JsonValue, depth: number): JsonValue {
  if (!Array.isArray(value)) return MASK;
  return value.map((entry) => redact(isJsonObject(entry) ? { ...entry, value: MASK } : entry, depth + 2));
}

/** Vendors put JSON into DataTransfer texts; JSON inside a text is redacted like the frame. */
function redactText(text: string, depth: number): string {
  const inner = /^\s*[[{]/.test(text) && SUSPICIOUS.test(text) ? parse(text) : undefined;
  return inner === undefined ? maskText(text) : JSON.stringify(redact(inner, depth + 1));
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
