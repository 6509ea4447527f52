import { loadValidators, type Validators } from "../../../ocpp/validators.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";

const loaded = new Map<OcppVersion, Validators>();
const loading = new Map<OcppVersion, Promise<Validators>>();

/** Validators of a version; null until `ensureValidators` has loaded them in this isolate. */
export function validatorsOf(version: OcppVersion): Validators | null {
  return loaded.get(version) ?? null;
}

/** Loads validators once per isolate. All callers await the same promise, so waiting frames keep their order. */
export function ensureValidators(version: OcppVersion): Promise<Validators> {
  let promise = loading.get(version);
  if (!promise) {
    promise = loadValidators(version).then((validators) => {
      loaded.set(version, validators);
      return validators;
    });
    promise.catch(() => loading.delete(version));
    loading.set(version, promise);
  }
  return promise;
}
