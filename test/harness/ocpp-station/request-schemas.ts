import { readFileSync } from "node:fs";
import { z } from "zod";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { Schema } from "../openapi/document.ts";

const FILES: Record<OcppVersion, string> = {
  "ocpp1.6": "ocpp1_6.json",
  "ocpp2.0.1": "ocpp2_0_1.json",
  "ocpp2.1": "ocpp2_1.json",
};
const REQUEST_ID = /^urn:(.+?)(?:\.req|Request)?$/;
const RESPONSE_ID = /(?:\.conf|Response)$/;

const schemas = z.array(z.looseObject({ $id: z.string() }));

/** The official request schemas of a version by action, with all references resolved. */
export function requestSchemas(version: OcppVersion): ReadonlyMap<string, Schema> {
  return schemasOf(version, ({ $id }) => !RESPONSE_ID.test($id), REQUEST_ID);
}

/** The same of the answers. */
export function responseSchemas(version: OcppVersion): ReadonlyMap<string, Schema> {
  return schemasOf(version, ({ $id }) => RESPONSE_ID.test($id), /^urn:(.+?)(?:\.conf|Response)$/);
}

function schemasOf(
  version: OcppVersion,
  isWanted: (schema: { $id: string }) => boolean,
  id: RegExp,
): ReadonlyMap<string, Schema> {
  const file = new URL(`../../../node_modules/ocpp-rpc/lib/schemas/${FILES[version]}`, import.meta.url);
  const parsed = schemas.parse(JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, "")));
  return new Map(
    parsed
      .filter(isWanted)
      .map((schema) => [id.exec(schema.$id)?.[1] ?? "", asSchema(written(schema, schema, 0))]),
  );
}

function asSchema(value: unknown): Schema {
  return z.record(z.string(), z.unknown()).parse(value);
}

/** A schema that refers to itself ends after a few levels. */
function written(value: unknown, root: Schema, depth: number): unknown {
  if (Array.isArray(value)) return value.map((entry) => written(entry, root, depth));
  if (typeof value !== "object" || value === null) return value;
  const { definitions: _definitions, ...own } = asSchema(value);
  const reference = own["$ref"];
  if (typeof reference !== "string")
    return Object.fromEntries(Object.entries(own).map(([key, entry]) => [key, written(entry, root, depth)]));
  const definitions = asSchema(root["definitions"]);
  const name = reference.replace("#/definitions/", "");
  return depth > 8 ? {} : written(definitions[name], root, depth + 1);
}
