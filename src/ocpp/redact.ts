import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { isSecretKey, isSecretName } from "./secrets.ts";

const MASK = "***";

/** Anything that could hold a secret, and every JSON escape, which could spell one. Most frames match nothing. */
const SUSPICIOUS =
  /authorizationkey|basicauthpassword|apnpassword|simpin|vpn|keycode|:\/\/[^/"\s]*@|"\s*(?:https?|ftps?|sftp):[^"]*@|\\[u/"\\]/i;

// Begins at the colon: a scheme in front of it would make a long run of letters cost its square.
const USER_INFO = /(:\/\/)[^/\s"?#]*@|(:[\\/]+)[^/\\\s"?#]*@/g;

/** URL parsers also take one slash, none, backslashes, and blanks or quotes in the user info. */
const URL_WITH_USER = /^(\s*(?:https?|ftps?|sftp):[\\/]*)(?![\\/])[^/?#]*@/i;

/** Deeper than any frame that is answered; what lies below is masked unseen. */
const DEPTH_MAX = 64;

/** Fields of one row that may hold the value of the variable or key the row names. */
const VALUE_FIELDS: ReadonlySet<string> = new Set(["value", "attributeValue", "actualValue"]);

/**
 * The text of a frame without secrets: authorization keys and passwords, modem and VPN secrets, PIN tokens, user info in
 * URLs. Text that is suspicious but no JSON is masked as a whole. Cheap when nothing is suspicious.
 */
export function redactFrame(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  const value = parse(text);
  return value === undefined ? MASK : JSON.stringify(redact(value));
}

/** The same for a payload that is no text yet. */
export function redactPayload(payload: JsonObject): JsonObject {
  return redactObject(payload, 0);
}

/** The same for any value, such as what goes into the command history. */
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

/** Vendors put JSON into DataTransfer texts: what is inside one is redacted like the frame around it. */
function redactText(text: string, depth: number): string {
  const inner = /^\s*[[{]/.test(text) && SUSPICIOUS.test(text) ? parse(text) : undefined;
  return inner === undefined ? withoutUserInfo(text) : JSON.stringify(redact(inner, depth + 1));
}

function withoutUserInfo(text: string): string {
  if (!text.includes("@")) return text;
  return text.replace(URL_WITH_USER, `$1${MASK}@`).replaceAll(USER_INFO, `$1$2${MASK}@`);
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
