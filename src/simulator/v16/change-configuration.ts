import { incomplete } from "../inbound.ts";
import { textOf } from "../read.ts";
import { setValue } from "../settings.ts";
import { settingOfKey } from "./setting-of-key.ts";
import type { InboundHandler } from "../turn.ts";

export const changeConfiguration: InboundHandler = (turn, payload) => {
  const key = textOf(payload, "key");
  const value = textOf(payload, "value");
  if (key === undefined) return incomplete(payload, "key");
  if (value === undefined) return incomplete(payload, "value");
  const setting = settingOfKey(key);
  return { result: { status: setting ? setValue(turn, setting, value) : "NotSupported" } };
};
