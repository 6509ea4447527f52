import { z } from "@hono/zod-openapi";
import { redact } from "../../../ocpp/redact.ts";
import { MASK } from "../../../ocpp/secret-text.ts";
import { isSecretKey } from "../../../ocpp/secrets.ts";
import { guardConfigurationChange } from "../../../commands/guard-configuration.ts";
import { text } from "../fields.ts";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";

const body = z.strictObject({ key: text(1, 200), value: z.string().max(1000) });

const MESSAGES = {
  Accepted: "Configuration changed successfully",
  RebootRequired: "Configuration accepted, reboot required to apply it",
  Rejected: "Configuration change rejected by charger",
  NotSupported: "Configuration key not supported by charger",
};

export const changeConfiguration = commandOperation({
  path: "/configuration/change",
  operationId: "changeConfiguration",
  summary: "Change one configuration key",
  bodySchema: body,
  answerSchema: {
    key: z.string(),
    value: z.string(),
    status: z.enum(["Accepted", "RebootRequired", "Rejected", "NotSupported"]),
    message: z.string(),
  },
  command: async ({ ports, organization, path, body: change }) => {
    const ref = { organizationSlug: organization.slug, identity: path.chargeBoxId };
    await guardConfigurationChange(ports, ref, change);
    return { kind: "changeConfiguration", ...change };
  },
  present: ({ key, value }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "configurationChange");
    const shown = isSecretKey(key) ? MASK : String(redact(value));
    return { chargeBoxId, key, value: shown, status, message: messageOf(MESSAGES, status) };
  },
});
