import type { OcppVersion } from "./version.ts";

/** A schema violation. `pointer` is a JSON pointer; the value is never included. */
export interface Finding {
  readonly keyword: string;
  readonly pointer: string;
}

/** Validators of one OCPP version. */
export interface Validators {
  /** All actions of this version, in both directions. */
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

// Literal import specifiers, so that the bundler sees them. One module per version: the session of a 1.6 station does
// not load the 2.1 module.
const COMPILED: Record<OcppVersion, () => Promise<Compiled>> = {
  "ocpp1.6": () => import("./generated/ocpp1.6.js"),
  "ocpp2.0.1": () => import("./generated/ocpp2.0.1.js"),
  "ocpp2.1": () => import("./generated/ocpp2.1.js"),
};

const POINTER_LENGTH_MAX = 200;

/** Loads the validators of one version, compiled by `scripts/build-validators.mjs`. */
export async function loadValidators(version: OcppVersion): Promise<Validators> {
  const { requests, responses } = await COMPILED[version]();
  return {
    actions: new Set(Object.keys(requests)),
    request: (action, payload) => firstFinding(requests[action], payload),
    response: (action, payload) => firstFinding(responses[action], payload),
  };
}

/** First violation; null: valid. A missing schema is reported as a violation. */
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
