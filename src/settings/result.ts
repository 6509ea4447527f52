import type { SettingResult } from "../ports.ts";
import type { Application } from "./application.ts";
import type { SettingName } from "./desired.ts";
import { effectiveValue } from "./effective.ts";

/** Adds effective value, time and value in force to the result of one setting. */
export function resultOf(
  { settings, now }: Pick<Application, "settings" | "now">,
  name: SettingName,
  found: Pick<Required<SettingResult>, "outcome" | "detail" | "reported" | "verified"> & { reboots?: number },
): SettingResult {
  const isInForce = found.outcome === "applied" || found.outcome === "emulated";
  const at = now.toISOString();
  return {
    ...found,
    effective: effectiveValue(name, settings.desired),
    updatedAt: at,
    ...(isInForce ? { inForce: settings.desired[name] ?? null, inForceAt: at } : {}),
  };
}
