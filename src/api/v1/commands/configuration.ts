import { z } from "@hono/zod-openapi";
import { redact } from "../../../ocpp/redact.ts";
import { MASK } from "../../../ocpp/secret-text.ts";
import { isSecretKey } from "../../../ocpp/secrets.ts";
import { text } from "../fields.ts";
import { TIMEOUT_DEFAULT_MS, commandOperation, expectAnswer, messageOf } from "./command-operation.ts";
import { guard } from "./guard.ts";

/** Timeout of a request for all keys. An OCPP 2.x station reports them in many messages. */
const ALL_KEYS_MS = { "ocpp1.6": TIMEOUT_DEFAULT_MS, "ocpp2.0.1": 60_000, "ocpp2.1": 60_000 };

const getBody = z.strictObject({ key: z.array(text(1, 200)).max(100).optional() });

const entry = z.object({ key: z.string(), readonly: z.boolean(), value: z.string().optional() });

export const getConfiguration = commandOperation({
  path: "/configuration/get",
  operationId: "getConfiguration",
  summary: "Read configuration keys; none named means all",
  bodySchema: getBody,
  answerSchema: { configurationKey: z.array(entry), unknownKey: z.array(z.string()) },
  command: ({ body: { key } }) => ({ kind: "getConfiguration", keys: key ?? [] }),
  timeoutMs: ({ key = [] }) => (key.length === 0 ? ALL_KEYS_MS : TIMEOUT_DEFAULT_MS),
  present: (_body, { answer, chargeBoxId }) => {
    const { configurationKey, unknownKey } = expectAnswer(answer, "configuration");
    return { chargeBoxId, configurationKey: configurationKey.map(shown), unknownKey: [...unknownKey] };
  },
});

/** Masks secrets in the value, because stations store URLs with credentials under keys of any name. */
function shown<E extends { value?: string }>(entry: E): E {
  return entry.value === undefined ? entry : { ...entry, value: String(redact(entry.value)) };
}

const changeBody = z.strictObject({ key: text(1, 200), value: z.string().max(1000) });

const CHANGE_MESSAGES = {
  Accepted: "Configuration changed successfully",
  RebootRequired: "Configuration accepted, reboot required to apply it",
  Rejected: "Configuration change rejected by charger",
  NotSupported: "Configuration key not supported by charger",
};

export const changeConfiguration = commandOperation({
  path: "/configuration/change",
  operationId: "changeConfiguration",
  summary: "Change one configuration key",
  bodySchema: changeBody,
  answerSchema: {
    key: z.string(),
    value: z.string(),
    status: z.enum(["Accepted", "RebootRequired", "Rejected", "NotSupported"]),
    message: z.string(),
  },
  command: async (call) => {
    await guard(call, "ChangeConfiguration");
    return { kind: "changeConfiguration", ...call.body };
  },
  present: ({ key, value }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "configurationChange");
    const shown = isSecretKey(key) ? MASK : String(redact(value));
    return { chargeBoxId, key, value: shown, status, message: messageOf(CHANGE_MESSAGES, status) };
  },
});
