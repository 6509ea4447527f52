import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { optionalNumber, optionalObject, optionalObjects } from "./payload.ts";
import { guardOf, mentionsCredential } from "./secrets.ts";

/** A CALL of the central system, of any OCPP version. */
export interface OcppCall {
  readonly action: string;
  readonly payload: JsonObject;
}

/**
 * Whether a CALL would set the password of a station: by the configuration key, by a field of that name on any level, or in the
 * words of a vendor (DataTransfer, customData), JSON inside of texts included. Reading the key is allowed: its value is masked in the answer.
 */
export function setsCredential({ action, payload }: OcppCall): boolean {
  if (configurationChanges({ action, payload }).some(({ key }) => guardOf(key) === "credential")) return true;
  return action === "DataTransfer" ? wordsMention(payload) : fieldsMention(payload);
}

/** A configuration key and the value that a CALL would give it. */
export interface ConfigurationChange {
  readonly key: string;
  readonly value: string;
}

/** Changes of configuration in a CALL. A change of the network profile is one of the security profile in it. */
export function configurationChanges({ action, payload }: OcppCall): ConfigurationChange[] {
  switch (action) {
    case "ChangeConfiguration":
      return [{ key: textOf(payload.key), value: textOf(payload.value) }];
    case "SetVariables":
      return optionalObjects(payload, "setVariableData").map((row) => ({
        key: `${nameIn(row, "component")}.${nameIn(row, "variable")}`,
        value: textOf(row.attributeValue),
      }));
    case "SetNetworkProfile": {
      const profile = optionalNumber(optionalObject(payload, "connectionData") ?? {}, "securityProfile");
      return profile === null ? [] : [{ key: "SecurityProfile", value: String(profile) }];
    }
    default:
      return [];
  }
}

/** `Name[instance]` of the component or variable of a row. */
function nameIn(row: JsonObject, field: string): string {
  const { name, instance } = optionalObject(row, field) ?? {};
  return `${textOf(name)}[${textOf(instance)}]`;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Whether a field has the name of a credential, or a vendor's own data mention one. */
function fieldsMention(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(fieldsMention);
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(
    ([name, inner]) =>
      guardOf(name) === "credential" || (name === "customData" ? wordsMention(inner) : fieldsMention(inner)),
  );
}

/** Whether a name or a text mentions a credential. */
function wordsMention(value: JsonValue): boolean {
  for (const { text } of wordsOf(value)) if (mentionsCredential(text)) return true;
  return false;
}

/** A text of a payload, or the name of a field, and where it stands. */
export interface PlacedText {
  readonly path: readonly (string | number)[];
  readonly text: string;
  readonly isName: boolean;
}

/**
 * All texts and names of a payload. JSON inside of a text is read too, because escapes in it may hide a word; it stands at the
 * place of that text. Without recursion, so that no depth is too much for it.
 */
export function* wordsOf(payload: JsonValue): Generator<PlacedText> {
  const open: { path: readonly (string | number)[]; value: JsonValue; isInner: boolean }[] = [
    { path: [], value: payload, isInner: false },
  ];
  // The loop also visits the nested values that it appends to the list.
  for (const { path, value, isInner } of open) {
    const put = (step: string | number, inner: JsonValue) =>
      open.push({ path: isInner ? path : [...path, step], value: inner, isInner });
    if (typeof value === "string") {
      yield { path, text: value, isName: false };
      const inner = innerJson(value);
      if (inner !== undefined) open.push({ path, value: inner, isInner: true });
    } else if (Array.isArray(value)) for (const [index, entry] of value.entries()) put(index, entry);
    else if (isJsonObject(value))
      for (const [name, inner] of Object.entries(value)) {
        yield { path, text: name, isName: true };
        put(name, inner);
      }
  }
}

/** The value of a text that is JSON; undefined: the text is not JSON. */
function innerJson(text: string): JsonValue | undefined {
  if (!/^\s*["[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a station does at an address: it loads a file from there or up to there, or connects to a central system. */
export type UrlUse = "transfer" | "centralSystem";

interface UrlField {
  readonly path: readonly string[];
  readonly use: UrlUse;
}

const LOCATION: UrlField = { path: ["location"], use: "transfer" };
const FIRMWARE_LOCATION: UrlField = { path: ["firmware", "location"], use: "transfer" };

/** Fields of requests that hold the address of something which the station opens, by action. */
export const URL_FIELDS: Readonly<Record<string, readonly UrlField[]>> = {
  GetDiagnostics: [LOCATION],
  GetLog: [{ path: ["log", "remoteLocation"], use: "transfer" }],
  PublishFirmware: [LOCATION],
  SetNetworkProfile: [{ path: ["connectionData", "ocppCsmsUrl"], use: "centralSystem" }],
  SignedUpdateFirmware: [FIRMWARE_LOCATION],
  // 1.6, 2.x
  UpdateFirmware: [LOCATION, FIRMWARE_LOCATION],
};

/** How a payload uses the address in this place; null: the schema promises no address there. */
export function urlUseOf(action: string, path: readonly (string | number)[]): UrlUse | null {
  const fields = Object.hasOwn(URL_FIELDS, action) ? URL_FIELDS[action] : undefined;
  return fields?.find((field) => field.path.join("/") === path.join("/"))?.use ?? null;
}
