import type { DesiredSettings, SettingName } from "../../settings/desired.ts";
import { SETTING_NAMES } from "../../settings/desired.ts";

const INTERVAL_MAX_SECONDS = 2_147_483_647;
const CURRENT_MAX_A = 32;

interface Rule {
  allows(value: number): boolean;
  must: string;
}

const current: Rule = {
  allows: (value) => value >= 0 && value <= CURRENT_MAX_A,
  must: `must be between 0 and ${CURRENT_MAX_A}`,
};
const oneOf = (...values: number[]): Rule => ({
  allows: (value) => values.includes(value),
  must: `must be one of ${values.join(", ")}`,
});

const RULES: Record<SettingName, Rule> = {
  maxChargeCurrent: current,
  maxChargePhases: oneOf(1, 3),
  minChargeCurrent: current,
  offlineChargeCurrent: {
    allows: (value) => value === -1 || current.allows(value),
    must: `must be -1 or between 0 and ${CURRENT_MAX_A}`,
  },
  offlineChargePhase: oneOf(0, 1, 2, 4, 7),
  meterValueInterval: {
    allows: (value) => Number.isInteger(value) && value >= 0 && value <= INTERVAL_MAX_SECONDS,
    must: `must be a whole number of seconds between 0 and ${INTERVAL_MAX_SECONDS}`,
  },
};

const BY_LOWER_CASE = new Map(SETTING_NAMES.map((name) => [name.toLowerCase(), name]));

export interface ReadChanges {
  changes: DesiredSettings;
  /** Everything that is wrong; then nothing may be stored. */
  problems: string[];
}

/** Reads the body of an update: names in any casing, null and unknown properties change nothing. */
export function readChanges(body: unknown): ReadChanges {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return { changes: {}, problems: ["The body must be a JSON object"] };
  const given = new Map<SettingName, unknown>();
  const problems: string[] = [];
  for (const [key, value] of Object.entries(body)) {
    const name = BY_LOWER_CASE.get(key.toLowerCase());
    if (name === undefined) continue;
    if (given.has(name) && given.get(name) !== value)
      problems.push(`${name} is given twice with different values`);
    given.set(name, value);
  }
  const changes: DesiredSettings = {};
  for (const [name, value] of given) {
    if (value === null) continue;
    const { allows, must } = RULES[name];
    if (typeof value === "number" && allows(value)) changes[name] = value === 0 ? 0 : value;
    else problems.push(`${name} ${must}`);
  }
  return { changes, problems };
}
