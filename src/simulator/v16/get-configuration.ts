import type { JsonObject } from "../../ocpp/json.ts";
import { listOf } from "../read.ts";
import { SETTINGS } from "../setting-table.ts";
import { valueOf, type Setting } from "../settings.ts";
import type { Turn, InboundHandler } from "../turn.ts";
import { settingOfKey } from "./setting-of-key.ts";

/** An absent or empty list asks for everything (OCPP 1.6 5.8). Empty lists are left out of the answer. */
export const getConfiguration: InboundHandler = (turn, payload) => {
  const keys = (listOf(payload, "key") ?? []).filter((key) => typeof key === "string");
  const asked = keys.length > 0 ? keys.map(settingOfKey) : SETTINGS;
  const known = asked.filter((setting) => setting?.key16 != null) as Setting[];
  const unknownKey = keys.filter((key) => !settingOfKey(key));
  return {
    result: {
      ...(known.length > 0 && { configurationKey: known.map((setting) => entry(turn, setting)) }),
      ...(unknownKey.length > 0 && { unknownKey }),
    },
  };
};

/** A write-only key is listed without its value. */
function entry(turn: Turn, setting: Setting): JsonObject {
  const key = setting.key16 ?? "";
  const readonly = setting.access === "read";
  return setting.access === "write" ? { key, readonly } : { key, readonly, value: valueOf(turn, setting) };
}
