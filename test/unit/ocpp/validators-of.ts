import { loadValidators, type Validators } from "../../../src/ocpp/validators.ts";
import { OCPP_VERSIONS, type OcppVersion } from "../../../src/ocpp/version.ts";

const loaded = new Map<OcppVersion, Validators>();
for (const version of OCPP_VERSIONS) loaded.set(version, await loadValidators(version));

/** The validators of a version, loaded before the first test runs. */
export function validatorsOf(version: OcppVersion): Validators {
  const validators = loaded.get(version);
  if (!validators) throw new Error(`no validators for ${version}`);
  return validators;
}
