import { z } from "@hono/zod-openapi";
import { redact } from "../../../ocpp/redact.ts";
import { text } from "../fields.ts";
import { commandOperation, expectAnswer, TIMEOUT_DEFAULT_MS } from "./command-operation.ts";

/** A full report of a 2.x station comes in many messages. */
const ALL_KEYS_MS = { "ocpp1.6": TIMEOUT_DEFAULT_MS, "ocpp2.0.1": 60_000, "ocpp2.1": 60_000 };

const body = z.strictObject({ key: z.array(text(1, 200)).max(100).optional() });

const entry = z.object({ key: z.string(), readonly: z.boolean(), value: z.string().optional() });

export const getConfiguration = commandOperation({
  path: "/configuration/get",
  operationId: "getConfiguration",
  summary: "Read configuration keys; none named means all",
  bodySchema: body,
  answerSchema: { configurationKey: z.array(entry), unknownKey: z.array(z.string()) },
  command: ({ body: { key } }) => ({ kind: "getConfiguration", keys: key ?? [] }),
  timeoutMs: ({ key = [] }) => (key.length === 0 ? ALL_KEYS_MS : TIMEOUT_DEFAULT_MS),
  present: (_body, { answer, chargeBoxId }) => {
    const { configurationKey, unknownKey } = expectAnswer(answer, "configuration");
    return { chargeBoxId, configurationKey: configurationKey.map(shown), unknownKey: [...unknownKey] };
  },
});

/** Stations keep addresses with credentials under names that say nothing of them. */
function shown<E extends { value?: string }>(entry: E): E {
  return entry.value === undefined ? entry : { ...entry, value: String(redact(entry.value)) };
}
