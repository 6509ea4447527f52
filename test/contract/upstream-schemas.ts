import { newValidator } from "../harness/openapi/conformance.ts";

/**
 * What clients of the OCPPLAB Gateway API were promised, written down apart from our own document: the component
 * schemas of its update-charger reference, and the response tables of its other pages. An object with `required` for
 * every property is one whose fields our contract promises to send always.
 */
const nullable = (type: string) => ({ type: [type, "null"] });
const text = { type: "string" };
const integer = { type: "integer" };
const moment = { type: ["string", "null"], format: "date-time" };
const reference = (name: keyof typeof schemas) => ({ $ref: name });

const provisioning = { enum: ["PENDING", "PROVISIONING", "READY", "FAILED"] };
const failure = {
  type: "object",
  properties: { code: text, message: text, retryable: { type: "boolean" } },
  required: ["code", "message", "retryable"],
};
/** An object that has all of these fields. */
const whole = (properties: Record<string, object>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
const page = (item: object) =>
  whole({ data: { type: "array", items: item }, total: integer, page: integer, limit: integer });
const itemFailure = (properties: Record<string, object>) => ({
  type: "array",
  items: whole({ ...properties, error: failure }),
});

const HttpErrorResponse = { type: "object", properties: { detail: text }, required: ["detail"] };
const ValidationError = {
  type: "object",
  properties: {
    loc: { type: "array", items: { oneOf: [text, integer] } },
    msg: text,
    type: text,
    input: {},
    ctx: { type: "object", properties: {} },
  },
  required: ["loc", "msg", "type"],
};
const ChargerResponse = {
  ...whole({
    id: text,
    identity: text,
    name: nullable("string"),
    vendor_name: nullable("string"),
    model: nullable("string"),
    image_url: nullable("string"),
    ocpp_version: nullable("string"),
    number_of_connectors: nullable("integer"),
    max_charging_power: nullable("integer"),
    connector_type: nullable("string"),
    location_id: nullable("string"),
    created_at: moment,
    updated_at: moment,
  }),
  // Nothing is added to the record of a charger.
  additionalProperties: false,
};
const LocationResponse = whole({
  id: text,
  slug: nullable("string"),
  name: nullable("string"),
  address: nullable("string"),
  city: nullable("string"),
  country: nullable("string"),
  coordinates: nullable("object"),
  timezone: nullable("string"),
  owner_name: nullable("string"),
  public: nullable("boolean"),
  status: nullable("string"),
  created_at: moment,
  updated_at: moment,
});
const ModelResponse = whole({
  id: text,
  slug: text,
  name: text,
  brand_slug: nullable("string"),
  brand_id: nullable("string"),
  image_url: nullable("string"),
  connector_count: nullable("integer"),
  current_type: nullable("string"),
  supported_kwh: { type: ["array", "null"], items: { type: "number" } },
  connector_types: { type: ["array", "null"], items: text },
  created_at: { type: "string", format: "date-time" },
});
const BrandResponse = whole({
  id: text,
  slug: text,
  name: text,
  image_url: nullable("string"),
  created_at: { type: "string", format: "date-time" },
});

const schemas = {
  HttpErrorResponse,
  HTTPValidationError: { type: "object", properties: { detail: { type: "array", items: ValidationError } } },
  ChargerResponse,
  LocationResponse,
  ModelResponse,
  ChargerListResponse: page(ChargerResponse),
  LocationListResponse: page(LocationResponse),
  ModelListResponse: page(ModelResponse),
  BrandListResponse: page(BrandResponse),
  ChargerAcceptedResponse: whole({
    charger_id: text,
    identity: text,
    status: provisioning,
    status_url: { type: "string", pattern: "^/ocpp/" },
    workflow_run_id: nullable("string"),
  }),
  ChargerStatusResponse: {
    ...whole({
      charger_id: text,
      status: provisioning,
      workflow_run_id: nullable("string"),
      error: { anyOf: [failure, { type: "null" }] },
      provisioned_at: moment,
    }),
    additionalProperties: false,
  },
  JobAcceptedResponse: whole({
    job_id: text,
    status: provisioning,
    status_url: { type: "string", pattern: "^/ocpp/" },
    workflow_run_id: nullable("string"),
  }),
  JobStatusResponse: whole({
    job_id: text,
    job_type: { const: "location_chargers_create" },
    status: provisioning,
    workflow_run_id: nullable("string"),
    error: { anyOf: [failure, { type: "null" }] },
    results: {
      anyOf: [
        { type: "null" },
        whole({
          created: { type: "array", items: ChargerResponse },
          failed: itemFailure({ identity: text, charger_id: nullable("string") }),
        }),
      ],
    },
    provisioned_at: moment,
    progress: whole({ total: integer, created: integer, failed: integer, pending: integer }),
  }),
  RuntimeResponse: whole({ id: text, event_type: text, ocpp_version: text, payload: { type: "object" } }),
  LogListResponse: whole({
    data: {
      type: "array",
      items: whole({
        direction: { enum: ["cp_to_csms", "csms_to_cp"] },
        action: nullable("string"),
        message: text,
        timestamp: { type: "string", format: "date-time" },
      }),
    },
    total: integer,
    limit: integer,
    offset: integer,
  }),
  UpdateLocationChargersResponse: whole({
    updated: { type: "array", items: ChargerResponse },
    failed: itemFailure({ charger_id: text }),
  }),
  DeleteLocationChargersResponse: whole({
    deleted: { type: "array", items: text },
    failed: itemFailure({ charger_id: text }),
  }),
  DeletedChargerResponse: whole({ msg: text, charger_id: text }),
  DeletedLocationResponse: whole({ msg: text, location_id: text }),
};

export type UpstreamSchema = keyof typeof schemas;

const ajv = newValidator();
for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);

/** What is wrong with a body by a promised schema; empty when it fits. */
export function upstreamFindings(name: UpstreamSchema, body: unknown): string[] {
  if (ajv.validate(reference(name), body)) return [];
  return (ajv.errors ?? []).map((error) => `${error.instancePath || "/"} ${error.message ?? ""}`);
}
