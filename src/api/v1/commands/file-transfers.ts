import { z } from "@hono/zod-openapi";
import { forbiddenTarget, isListedHost } from "../../../fleet/address/target-policy.ts";
import { redact } from "../../../ocpp/redact.ts";
import { InvalidRequest } from "../../operation/receive.ts";
import { stationText } from "../command-failure.ts";
import type { Issue } from "../issues.ts";
import { type CommandCall, commandOperation, expectAnswer, messageOf } from "./command-operation.ts";

type TransferCall = Pick<CommandCall<{ location: string }>, "c" | "organization" | "body">;

/** Strict spelling. URL parsers repair other spellings in different ways: the station could see another host than we checked. */
const TRANSFER_URL = /^(?:https?|ftps?|sftp):\/\/[^\s\\\p{Cc}]+$/iu;
const SCHEMES_WITH_USER = ["ftp:", "ftps:", "sftp:"];
const INT32_MAX = 2_147_483_647;

/** Fields of a file transfer. The station opens the URL; the server does not. */
const transferFields = {
  location: z
    .string()
    .max(512)
    .refine(isTransferUrl, "must be an http, https, ftp, ftps or sftp URL; a user only with ftp, ftps, sftp")
    .openapi({ format: "uri" }),
  retries: z.int().min(0).max(INT32_MAX).optional(),
  retryInterval: z.int().min(0).max(INT32_MAX).optional().openapi({ description: "Seconds" }),
};

/** A time with its offset, as ISO 8601 in UTC. */
const instant = z.iso
  .datetime({ offset: true, error: "must be an ISO 8601 time with an offset" })
  .transform((time) => new Date(time).toISOString());

/** @throws InvalidRequest for a host in a private network, or one that is not in the organisation's list */
function assertAllowedTarget({ c, organization, body: { location } }: TransferCall): void {
  const url = new URL(location);
  const reason = c.get("config").ALLOW_PRIVATE_TARGETS ? null : forbiddenTarget(url);
  if (reason !== null) throw refused(`must be a public host (${reason})`);
  const { transferHosts } = organization;
  if (transferHosts !== null && !isListedHost(url, transferHosts))
    throw refused("must be a host that the organisation allows");
}

function refused(complaint: string): InvalidRequest<Issue> {
  const message = `location ${complaint}`;
  return new InvalidRequest([{ location: "body", path: ["location"], code: "not_allowed", message }]);
}

/** The URL without its user information. */
function shownLocation(location: string): string {
  return String(redact(location));
}

function isTransferUrl(value: string): boolean {
  const url = TRANSFER_URL.test(value) ? URL.parse(value) : null;
  if (url === null || url.hostname === "") return false;
  return (url.username === "" && url.password === "") || SCHEMES_WITH_USER.includes(url.protocol);
}

const firmwareBody = z.strictObject({ ...transferFields, retrieveDate: instant });

const FIRMWARE_MESSAGES = {
  accepted: "Firmware update accepted by charger",
  accepted_canceled: "Firmware update accepted by charger, an earlier one was canceled",
  rejected: "Firmware update rejected by charger",
  invalid_certificate: "Firmware signing certificate invalid to charger",
  revoked_certificate: "Firmware signing certificate revoked",
};

export const updateFirmware = commandOperation({
  path: "/firmware/update",
  operationId: "updateFirmware",
  summary: "Have a charger fetch and install a firmware",
  bodySchema: firmwareBody,
  answerSchema: {
    message: z.string(),
    location: z.string(),
    retrieveDate: z.string(),
    ocppRequestId: z.int().nullable(),
    status: z.string(),
  },
  command: (call) => {
    assertAllowedTarget(call);
    return { kind: "updateFirmware", ...call.body };
  },
  present: ({ location, retrieveDate }, { answer, version, chargeBoxId }) => {
    const { status, requestId } = expectAnswer(answer, "transfer");
    // UpdateFirmware.conf of OCPP 1.6 is empty: it proves delivery only.
    const isDeliveryOnly = version === "ocpp1.6" && status === "accepted";
    const message = isDeliveryOnly
      ? "Firmware update request delivered to charger"
      : messageOf(FIRMWARE_MESSAGES, status);
    const shown = shownLocation(location);
    return { message, chargeBoxId, location: shown, retrieveDate, ocppRequestId: requestId, status };
  },
});

const diagnosticsBody = z
  .strictObject({ ...transferFields, startTime: instant.optional(), stopTime: instant.optional() })
  .refine(
    ({ startTime, stopTime }) => startTime === undefined || stopTime === undefined || startTime <= stopTime,
    { path: ["stopTime"], error: "must not be before startTime" },
  );

const FILE_NAME_LENGTH_MAX = 255;

const DIAGNOSTICS_MESSAGES = {
  accepted: "Diagnostics upload accepted by charger",
  accepted_canceled: "Diagnostics upload accepted by charger, an earlier one was canceled",
  rejected: "Diagnostics upload rejected by charger",
  not_available: "Charger has no diagnostics for this request",
};

export const diagnostics = commandOperation({
  path: "/diagnostics",
  operationId: "requestDiagnostics",
  summary: "Have a charger upload its diagnostics",
  bodySchema: diagnosticsBody,
  answerSchema: {
    message: z.string(),
    fileName: z.string().nullable(),
    ocppRequestId: z.int().nullable(),
    status: z.string(),
  },
  command: (call) => {
    assertAllowedTarget(call);
    return { kind: "diagnostics", ...call.body };
  },
  present: (_body, { answer, chargeBoxId }) => {
    const { status, requestId, fileName } = expectAnswer(answer, "transfer");
    return {
      message: messageOf(DIAGNOSTICS_MESSAGES, status),
      chargeBoxId,
      // Some stations answer with the whole URL as the file name.
      fileName: fileName && stationText(fileName, FILE_NAME_LENGTH_MAX),
      ocppRequestId: requestId,
      status,
    };
  },
});
