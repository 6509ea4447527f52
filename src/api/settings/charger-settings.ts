import { z } from "@hono/zod-openapi";
import type { SettingsView } from "../../ports.ts";
import { SETTING_NAMES } from "../../settings/desired.ts";
import { effectiveValue } from "../../settings/effective.ts";
import { settingsViewOf } from "./settings-view.ts";
import { chargerParams, defineOperation, TAG } from "./surface.ts";

const setting = z.object({
  Desired: z.number().nullable(),
  Effective: z.number().nullable(),
  Reported: z.number().nullable(),
  Outcome: z
    .enum(["pending", "applied", "reboot_required", "rejected", "unsupported", "emulated"])
    .nullable(),
  Verified: z.boolean(),
  Detail: z.string().nullable(),
  Revision: z.int().nullable(),
  UpdatedAt: z.string().nullable(),
});

const settings = z
  .object({
    ChargerId: z.uuid(),
    Revision: z.int(),
    IsOnline: z.boolean(),
    OcppVersion: z.string().nullable(),
    UpdatedAt: z.string().nullable(),
    Settings: z.object({
      MaxChargeCurrent: setting,
      MaxChargePhases: setting,
      MinChargeCurrent: setting,
      OfflineChargeCurrent: setting,
      OfflineChargePhase: setting,
      MeterValueInterval: setting,
    }),
  })
  .openapi("ChargerSettings");

type SettingsBody = z.output<typeof settings>;

export const getChargerSettings = defineOperation({
  method: "get",
  path: "/api/chargers/{id}/settings",
  operationId: "getChargerSettings",
  summary: "Show desired settings and what became of each",
  tag: TAG,
  role: "owner",
  params: chargerParams,
  success: { status: 200, description: "Show desired settings and what became of each", schema: settings },
  handle: async ({ c, path }) => settingsBody(await settingsViewOf(c, path.id)),
});

/** Desired value and outcome of each setting. A setting that was never set has nulls. */
function settingsBody({ chargerId, connection, settings: known }: SettingsView): SettingsBody {
  const entries = SETTING_NAMES.map((name) => {
    const state = known?.states[name];
    const desired = known?.desired ?? {};
    const shown = {
      Desired: desired[name] ?? null,
      Effective: effectiveValue(name, desired),
      Reported: state?.reported ?? null,
      Outcome: state?.outcome ?? null,
      Verified: state?.verified ?? false,
      Detail: state?.detail ?? null,
      Revision: state?.revision ?? null,
      UpdatedAt: state?.updatedAt ?? null,
    };
    return [name.charAt(0).toUpperCase() + name.slice(1), shown];
  });
  return {
    ChargerId: chargerId,
    Revision: known?.revision ?? 0,
    IsOnline: connection?.online ?? false,
    OcppVersion: connection?.ocppVersion ?? null,
    UpdatedAt: known?.updatedAt.toISOString() ?? null,
    Settings: Object.fromEntries(entries) as SettingsBody["Settings"],
  };
}
