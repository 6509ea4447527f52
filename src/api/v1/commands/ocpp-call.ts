import { z } from "@hono/zod-openapi";
import { guardProfiles } from "../../../commands/guard-profiles.ts";
import { sendCommand, type CommandFailure } from "../../../commands/send-command.ts";
import { isDeeperThan, isJsonObject, PAYLOAD_DEPTH_MAX, type JsonObject } from "../../../ocpp/json.ts";
import { NotFound } from "../../../errors.ts";
import { requestSchemaName } from "../../../ocpp/payload-findings.ts";
import { redactPayload } from "../../../ocpp/redact.ts";
import { isSendable, SENDABLE_ACTIONS } from "../../../ocpp/sendable-actions.ts";
import { loadValidators } from "../../../ocpp/validators.ts";
import { OCPP_VERSIONS } from "../../../ocpp/version.ts";
import type { OperationRequest } from "../../operation/operation.ts";
import { InvalidRequest } from "../../operation/receive.ts";
import { CommandFailed, unknownAction } from "../command-failure.ts";
import { chargeBoxId } from "../fields.ts";
import { defineOperation } from "../surface.ts";
import { answerOf, expectAnswer, timeout, TIMEOUT_DEFAULT_MS } from "./command-operation.ts";
import { guard } from "./guard.ts";

const version = z.enum(OCPP_VERSIONS);
const everyAction = [...new Set(Object.values(SENDABLE_ACTIONS).flat())].toSorted();

const path = z.object({
  chargeBoxId,
  // Which actions there are depends on the version of the connection, so only the session can judge.
  action: z.string().openapi({ enum: everyAction, description: "As the specification spells it" }),
});

const query = z.object({
  timeout,
  ocppVersion: version.optional().openapi({
    description:
      "The version that the payload is written for: a charger that speaks another one does not get it",
  }),
});

/** The value itself: a copy would lose the order or the names of some fields. */
const payload = z
  .custom<JsonObject>(isJsonObject, { error: "must be an object", params: { code: "invalid_type" } })
  .refine((value) => !isDeeperThan(value, PAYLOAD_DEPTH_MAX), {
    error: `must not be nested deeper than ${PAYLOAD_DEPTH_MAX} levels`,
    params: { code: "too_deep" },
  })
  .openapi({
    type: "object",
    description: "The payload as the specification writes it",
    anyOf: bodySchemas(),
  });

function bodySchemas(): { $ref: string }[] {
  return OCPP_VERSIONS.flatMap((one) =>
    SENDABLE_ACTIONS[one].map((action) => ({
      $ref: `#/components/schemas/${requestSchemaName(one, action)}`,
    })),
  );
}

const answer = z.object({
  chargeBoxId,
  action: z.string(),
  ocppVersion: version,
  messageId: z.string(),
  response: z
    .record(z.string(), z.unknown())
    .openapi({ description: "The station's answer as it came, secrets masked" }),
});

export const callOcpp = defineOperation({
  method: "post",
  path: "/chargers/{chargeBoxId}/ocpp/{action}",
  operationId: "callOcpp",
  summary: "Send any request of OCPP that a central system may send",
  description: [
    "In the version that the charger speaks: `Ocpp16…`, `Ocpp201…` and `Ocpp21…` are the payloads of each action.",
    "A report that the station sends in messages of its own is read at `/ocpp/reports/{requestId}`.",
    "Passwords change only by their rotation, and charging profiles 9001 to 9199 and their stack levels belong to the settings.",
  ].join(" "),
  tag: "Any OCPP call",
  role: "operator",
  params: path,
  query,
  body: { schema: payload },
  success: { status: 200, description: "The station's answer, a refusal included", schema: answer },
  refusals: [404, 409, 502, 504],
  handle: send,
});

type OcppRequest = OperationRequest<z.infer<typeof path>, z.infer<typeof query>, JsonObject>;

async function send(call: OcppRequest): Promise<z.infer<typeof answer>> {
  const { ports, organization, path: target, query: wanted, body } = call;
  const { chargeBoxId: identity, action } = target;
  await refuseUnknownAction(call);
  await guard(call, action);
  await guardOwnProfiles(call);
  const command = { kind: "raw", action, payload: body, onlyVersion: wanted.ocppVersion ?? null } as const;
  const timeoutMs = wanted.timeout * 1000 || TIMEOUT_DEFAULT_MS;
  const answered = await answerOf({ identity, body, timeoutMs }, () =>
    sendCommand(ports, organization, identity, command, timeoutMs),
  );
  const { payload: response } = expectAnswer(answered.answer, "payload");
  const { messageId = "", version: ocppVersion } = answered;
  return { chargeBoxId: identity, action, ocppVersion, messageId, response: redactPayload(response) };
}

/**
 * Refuses an action that no version in question has, whether the charger is connected or not. What its own version makes of any
 * other action is for the session to say.
 * @throws InvalidRequest
 */
async function refuseUnknownAction({
  ports,
  organization,
  path: target,
  query: wanted,
}: OcppRequest): Promise<void> {
  const { chargeBoxId: identity, action } = target;
  const versions = wanted.ocppVersion === undefined ? OCPP_VERSIONS : [wanted.ocppVersion];
  if (versions.some((one) => isSendable(one, action))) return;
  const ref = { organizationSlug: organization.slug, identity };
  const spoken = versions.length === 1 ? null : await ports.sessions.snapshot(ref).catch(() => null);
  throw new InvalidRequest([unknownAction(spoken?.version ? [spoken.version] : versions)]);
}

/**
 * Refuses a call that would touch charging profiles of the settings. What else speaks against the call is told first: an unknown
 * charger, a payload that breaks the schema of the version that the charger speaks.
 * @throws Conflict, NotFound, CommandFailed
 */
async function guardOwnProfiles(call: OcppRequest): Promise<void> {
  try {
    guardProfiles({ action: call.path.action, payload: call.body });
  } catch (conflict) {
    await refuseUnsendable(call);
    throw conflict;
  }
}

/** @throws NotFound, CommandFailed */
async function refuseUnsendable(call: OcppRequest): Promise<void> {
  const { ports, organization, path: target, query: wanted, body } = call;
  const { chargeBoxId: identity, action } = target;
  const snapshot = await ports.sessions.snapshot({ organizationSlug: organization.slug, identity });
  if (!snapshot && !(await ports.chargers.findByIdentity(organization.id, identity)))
    throw new NotFound("Charger", identity);
  const spoken = snapshot?.version ?? null;
  if (spoken === null || (wanted.ocppVersion ?? spoken) !== spoken) return;
  const timeoutMs = wanted.timeout * 1000 || TIMEOUT_DEFAULT_MS;
  const refuse = (failure: CommandFailure) => new CommandFailed({ identity, body, timeoutMs, failure });
  if (!isSendable(spoken, action)) throw refuse({ kind: "unknownAction", version: spoken });
  const finding = (await loadValidators(spoken)).request(action, body);
  if (finding) throw refuse({ kind: "invalidPayload", version: spoken, action, finding });
}
