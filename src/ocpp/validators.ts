import type { OcppVersion } from "./version.ts";

/** Where a payload breaks its schema; never carries a value. `pointer` is a JSON pointer. */
export interface Finding {
  readonly keyword: string;
  readonly pointer: string;
}

export interface Validators {
  /** Every action this version defines, in either direction. */
  readonly actions: ReadonlySet<string>;
  request(action: string, payload: unknown): Finding | null;
  response(action: string, payload: unknown): Finding | null;
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}
interface Check {
  (payload: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}
interface Compiled {
  readonly requests: Readonly<Record<string, Check>>;
  readonly responses: Readonly<Record<string, Check>>;
}

// Literal specifiers: a bundler must see them, and the object of a 1.6 station must never parse the 2.1 module.
const COMPILED: Record<OcppVersion, () => Promise<Compiled>> = {
  "ocpp1.6": () => import("./generated/ocpp1.6.js"),
  "ocpp2.0.1": () => import("./generated/ocpp2.0.1.js"),
  "ocpp2.1": () => import("./generated/ocpp2.1.js"),
};

const POINTER_LENGTH_MAX = 200;

/** The validators of one version, compiled by `scripts/build-validators.mjs`. */
export async function loadValidators(version: OcppVersion): Promise<Validators> {
  const { requests, responses } = await COMPILED[version]();
  return {
    actions: new Set(Object.keys(requests)),
    request: (action, payload) => firstFinding(requests[action], payload),
    response: (action, payload) => firstFinding(responses[action], payload),
  };
}

/** An action without a schema is reported as such instead of passing unseen. */
function firstFinding(check: Check | undefined, payload: unknown): Finding | null {
  if (!check) return { keyword: "action", pointer: "" };
  if (check(payload)) return null;
  const error = check.errors?.[0];
  if (!error) return { keyword: "unknown", pointer: "" };
  const { missingProperty, additionalProperty } = error.params;
  const property = missingProperty ?? additionalProperty;
  const pointer = typeof property === "string" ? `${error.instancePath}/${property}` : error.instancePath;
  return { keyword: error.keyword, pointer: pointer.slice(0, POINTER_LENGTH_MAX) };
}
