import type { SettingsView } from "../../ports.ts";
import { SETTING_NAMES } from "../../settings/desired.ts";
import { effectiveValue } from "../../settings/effective.ts";

/** Desired values beside what became of them. A property that was never set has nulls. */
export function settingsBody({ chargerId, connection, settings }: SettingsView) {
  const entries = SETTING_NAMES.map((name) => {
    const state = settings?.states[name];
    const desired = settings?.desired ?? {};
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
    Revision: settings?.revision ?? 0,
    IsOnline: connection?.online ?? false,
    OcppVersion: connection?.ocppVersion ?? null,
    UpdatedAt: settings?.updatedAt.toISOString() ?? null,
    Settings: Object.fromEntries(entries) as Record<string, unknown>,
  };
}
