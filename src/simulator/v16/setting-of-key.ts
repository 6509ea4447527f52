import { SETTINGS } from "../setting-table.ts";
import type { Setting } from "../settings.ts";

/** Keys are compared without regard to case (OCPP 1.6, CiString). */
export function settingOfKey(key: string): Setting | undefined {
  const wanted = key.toLowerCase();
  return SETTINGS.find((setting) => setting.key16?.toLowerCase() === wanted);
}
