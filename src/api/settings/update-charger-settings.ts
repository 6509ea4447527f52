import { z } from "@hono/zod-openapi";
import { SETTING_NAMES, type DesiredSettings, type SettingName } from "../../settings/desired.ts";
import { updateSettings } from "../../settings/update-settings.ts";
import { changeOf } from "../http/context.ts";
import type { Examined } from "../operation/operation.ts";
import { chargerParams, defineOperation, TAG } from "./surface.ts";

const INTERVAL_MAX_SECONDS = 2_147_483_647;
const CURRENT_MAX_A = 32;

const CURRENT = `must be between 0 and ${CURRENT_MAX_A}`;
const CURRENT_OR_NONE = `must be -1 or between 0 and ${CURRENT_MAX_A}`;
const INTERVAL = `must be a whole number of seconds between 0 and ${INTERVAL_MAX_SECONDS}`;

const amperes = (message: string) => z.number(message).min(0, message).max(CURRENT_MAX_A, message);

/** What each setting may be. Validates the values of an update and documents them. */
const VALUES = {
  maxChargeCurrent: amperes(CURRENT),
  maxChargePhases: z.union([z.literal(1), z.literal(3)], "must be one of 1, 3"),
  minChargeCurrent: amperes(CURRENT),
  offlineChargeCurrent: z.union([z.literal(-1), amperes(CURRENT_OR_NONE)], CURRENT_OR_NONE),
  offlineChargePhase: z.union(
    [z.literal(0), z.literal(1), z.literal(2), z.literal(4), z.literal(7)],
    "must be one of 0, 1, 2, 4, 7",
  ),
  meterValueInterval: z.int(INTERVAL).min(0, INTERVAL).max(INTERVAL_MAX_SECONDS, INTERVAL),
} satisfies Record<SettingName, z.ZodType<number>>;

const described = (value: z.ZodType<number>, description: string) =>
  value.nullable().optional().openapi({ description });

const bodySchema = z
  .object({
    maxChargeCurrent: described(
      VALUES.maxChargeCurrent,
      "A. Below the minimum charge current nothing is allocated",
    ),
    maxChargePhases: VALUES.maxChargePhases.nullable().optional(),
    minChargeCurrent: described(
      VALUES.minChargeCurrent,
      "A. With less the charger cannot charge; 6 until it is set",
    ),
    offlineChargeCurrent: described(VALUES.offlineChargeCurrent, "A, or -1 to leave it to the station"),
    offlineChargePhase: described(
      VALUES.offlineChargePhase,
      "0 leaves it to the station; 1, 2, 4 = one phase, 7 = all",
    ),
    meterValueInterval: described(VALUES.meterValueInterval, "Seconds; 0 ends periodic meter values"),
  } satisfies Record<SettingName, z.ZodType>)
  .openapi("ChargerUpdate", {
    description: "Names match in any casing; null and absent change nothing",
    example: { maxChargeCurrent: 16, maxChargePhases: 3, offlineChargeCurrent: 10, meterValueInterval: 900 },
  });

export const updateChargerSettings = defineOperation({
  method: "post",
  path: "/api/chargers/{id}/update",
  operationId: "updateChargerSettings",
  summary: "Change desired settings; the station gets them now, or when it connects",
  tag: TAG,
  role: "owner",
  params: chargerParams,
  body: { schema: bodySchema },
  examine: readChanges,
  success: { status: 200, description: "Stored, no body" },
  handle: async ({ c, ports, path, body }) => {
    await updateSettings(ports, changeOf(c), path.id.toLowerCase(), body);
    return c.body(null, 200, { "Content-Length": "0" });
  },
});

const BY_LOWER_CASE = new Map(SETTING_NAMES.map((name) => [name.toLowerCase(), name]));

/** Names match in any casing; null and unknown properties change nothing. */
function readChanges(body: unknown): Examined<DesiredSettings, string> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return { findings: ["The body must be a JSON object"] };
  const given = new Map<SettingName, unknown>();
  const findings: string[] = [];
  for (const [key, value] of Object.entries(body)) {
    const name = BY_LOWER_CASE.get(key.toLowerCase());
    if (name === undefined) continue;
    if (given.has(name) && given.get(name) !== value)
      findings.push(`${name} is given twice with different values`);
    given.set(name, value);
  }
  const changes: DesiredSettings = {};
  for (const [name, value] of given) {
    if (value === null) continue;
    const result = VALUES[name].safeParse(value);
    // Adding 0 makes -0 a 0.
    if (result.success) changes[name] = result.data + 0;
    else findings.push(`${name} ${result.error.issues[0]?.message ?? "is not valid"}`);
  }
  return findings.length > 0 ? { findings } : { value: changes };
}
