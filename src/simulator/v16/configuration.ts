import type { JsonObject } from "../../ocpp/json.ts";
import { incomplete } from "../line/inbound.ts";
import { listOf, textOf } from "../station/read.ts";
import { SETTINGS } from "../device-model/setting-table.ts";
import { type Setting, setValue, valueOf } from "../device-model/settings.ts";
import type { InboundHandler, Turn } from "../station/turn.ts";

/**
 * GetConfiguration (OCPP 1.6 §5.8). An absent or empty list means all keys. Empty lists are omitted from the answer.
 */
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

export const changeConfiguration: InboundHandler = (turn, payload) => {
  const key = textOf(payload, "key");
  const value = textOf(payload, "value");
  if (key === undefined) return incomplete(payload, "key");
  if (value === undefined) return incomplete(payload, "value");
  const setting = settingOfKey(key);
  return { result: { status: setting ? setValue(turn, setting, value) : "NotSupported" } };
};

/** Setting of a 1.6 key, compared case-insensitively (CiString). */
function settingOfKey(key: string): Setting | undefined {
  const wanted = key.toLowerCase();
  return SETTINGS.find((setting) => setting.key16?.toLowerCase() === wanted);
}
