import { loadValidators, type Validators } from "../../../ocpp/validators.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";

const loaded = new Map<OcppVersion, Validators>();
const loading = new Map<OcppVersion, Promise<Validators>>();

/** Null until `ensureValidators` has loaded them in this isolate. */
export function validatorsOf(version: OcppVersion): Validators | null {
  return loaded.get(version) ?? null;
}

/** Every caller awaits the same promise, so frames that wait for it keep their order. */
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
