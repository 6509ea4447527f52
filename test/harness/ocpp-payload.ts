import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/ocpp/json.ts";
import { isJsonObject } from "../../src/ocpp/json.ts";
import { SENDABLE_ACTIONS } from "../../src/ocpp/sendable-actions.ts";
import type { Validators } from "../../src/ocpp/validators.ts";
import { OCPP_VERSIONS, type OcppVersion } from "../../src/ocpp/version.ts";
import { requestSchemas } from "./ocpp-station/request-schemas.ts";
import type { Schema } from "./openapi/document.ts";
import { validValues } from "./openapi/valid.ts";

/** Every action that a central system may send, in every version. */
export const everyRequest: readonly { version: OcppVersion; action: string }[] = OCPP_VERSIONS.flatMap(
  (version) => SENDABLE_ACTIONS[version].map((action) => ({ version, action })),
);

const schemas = new Map(OCPP_VERSIONS.map((version) => [version, requestSchemas(version)]));

/** The official schema. */
function schemaOf(version: OcppVersion, action: string): Schema {
  const schema = schemas.get(version)?.get(action);
  if (!schema) throw new Error(`${version} has no schema of ${action}`);
  return schema;
}

/** Payloads that the official schema of an action allows. */
export function validPayloads(version: OcppVersion, action: string): fc.Arbitrary<JsonObject> {
  return validValues(schemaOf(version, action), {}).map((value) => value as JsonObject);
}

/** A payload with one change. */
export interface BrokenPayload {
  what: string;
  payload: JsonObject;
}

/** Payloads that one change keeps from being valid by the official schema. */
export function invalidPayloads(
  version: OcppVersion,
  action: string,
  validators: Pick<Validators, "request">,
  valid = validPayloads(version, action),
): fc.Arbitrary<BrokenPayload> {
  const schema = schemaOf(version, action);
  return valid.chain((valid) =>
    fc
      .constantFrom(...changesOf(schema, valid, ""))
      .map(({ what, made }) => ({ what, payload: made() as JsonObject }))
      .filter(({ payload }) => isJsonObject(payload) && validators.request(action, payload) !== null),
  );
}

interface Change {
  what: string;
  made: () => JsonValue;
}

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;
const bound = (value: unknown) => (typeof value === "number" ? [value] : []);

/** Every single change worth trying; some of them leave the value valid. */
function changesOf(schema: Schema, value: JsonValue, at: string): Change[] {
  const replaced = replacementsOf(schema).map((made) => ({
    what: `${at || "/"} = ${JSON.stringify(made).slice(0, 40)}`,
    made: () => made,
  }));
  if (isJsonObject(value)) return [...replaced, ...fieldChanges(schema, value, at)];
  if (!Array.isArray(value) || !isSchema(schema["items"])) return replaced;
  const { items } = schema;
  const inner = value.flatMap((entry, index) =>
    changesOf(items, entry, `${at}/${index}`).map(({ what, made }) => ({
      what,
      made: () => value.with(index, made()),
    })),
  );
  return [...replaced, ...inner];
}

function replacementsOf(schema: Schema): JsonValue[] {
  return [
    null,
    true,
    1.5,
    "no such word",
    [],
    {},
    ...bound(schema["maxLength"]).map((max) => "x".repeat(max + 1)),
    ...bound(schema["minimum"]).map((min) => min - 1),
    ...bound(schema["maximum"]).map((max) => max + 1),
  ];
}

function fieldChanges(schema: Schema, value: JsonObject, at: string): Change[] {
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  const dropped = Object.keys(value).map((name) => ({
    what: `${at}/${name} missing`,
    made: () => Object.fromEntries(Object.entries(value).filter(([other]) => other !== name)),
  }));
  const added = { what: `${at}/zzUnknown added`, made: () => ({ ...value, zzUnknown: 1 }) };
  const inner = Object.entries(value).flatMap(([name, field]) => {
    const property = properties[name];
    if (!isSchema(property)) return [];
    return changesOf(property, field, `${at}/${name}`).map(({ what, made }) => ({
      what,
      made: () => ({ ...value, [name]: made() }),
    }));
  });
  return [...dropped, added, ...inner];
}
