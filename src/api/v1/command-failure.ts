import { longestTimeout } from "../../commands/longest-timeout.ts";
import type { CommandFailure } from "../../commands/send-command.ts";
import { isJsonObject } from "../../ocpp/json.ts";
import { payloadFindings } from "../../ocpp/payload-findings.ts";
import { redact } from "../../ocpp/redact.ts";
import { SENDABLE_ACTIONS } from "../../ocpp/sendable-actions.ts";
import type { OcppVersion } from "../../ocpp/version.ts";
import type { CommandTimeout } from "../../ports.ts";
import type { Issue, V1Refusal } from "./issues.ts";

const CODE_LENGTH_MAX = 50;
const DESCRIPTION_LENGTH_MAX = 255;
const FINDINGS_MAX = 100;

interface FailedCommand {
  identity: string;
  body: unknown;
  timeoutMs: CommandTimeout;
  failure: CommandFailure;
}

/** A command failed before the station answered it. Carries the HTTP refusal. */
export class CommandFailed extends Error {
  readonly refusal: V1Refusal;
  constructor(failed: FailedCommand) {
    super(`Command failed: ${failed.failure.kind}`);
    this.refusal = commandRefusal(failed);
  }
}

/**
 * `sent` false: the station never got the command and never will; true: it was written to the socket and its effect
 * is unknown.
 */
function commandRefusal({ identity, body, timeoutMs, failure }: FailedCommand): V1Refusal {
  switch (failure.kind) {
    case "stationError":
      return stationError(identity, failure);
    case "invalidAnswer":
      return refuse(
        502,
        "INVALID_RESPONSE",
        `Charger ${identity} gave an answer that breaks the OCPP schema`,
        true,
      );
    case "incompleteReport": {
      const { missing } = failure;
      const message = `Charger ${identity} ended its report without the parts ${missing.join(", ")}`;
      return { status: 504, code: "INCOMPLETE_REPORT", message, extra: { sent: true, missing } };
    }
    case "timeout": {
      const timeoutSeconds = (failure.timeoutMs ?? longestTimeout(timeoutMs)) / 1000;
      const unit = timeoutSeconds === 1 ? "second" : "seconds";
      const message = `Charger ${identity} did not respond within ${timeoutSeconds} ${unit}`;
      return refuse(504, "TIMEOUT", message, failure.sent);
    }
    case "lost":
      return refuse(503, "CONNECTION_LOST", `The connection to charger ${identity} was lost`, failure.sent);
    case "offline":
      return retry(30, refuse(503, "SERVICE_UNAVAILABLE", `Charger ${identity} is not connected`, false));
    case "unavailable":
      return retry(5, refuse(503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable", false));
    case "busy":
      return retry(1, refuse(503, "CHARGER_BUSY", `Too many commands wait for charger ${identity}`, false));
    case "notAccepted":
      return { status: 409, code: "CONFLICT", message: `Charger ${identity} is not accepted yet` };
    case "invalidCommand":
      return invalidCommand(failure, body);
    case "unknownAction":
      return invalidRequest([unknownAction([failure.version])]);
    case "otherVersion": {
      const message = `Charger ${identity} speaks ${failure.version}`;
      return { status: 409, code: "CONFLICT", message };
    }
    case "invalidPayload":
      return invalidPayload(failure, body);
  }
}

/** Some stations swap NotImplemented and NotSupported, so both appear as one. */
function stationError(
  identity: string,
  { code, description, action }: Extract<CommandFailure, { kind: "stationError" }>,
): V1Refusal {
  const ocppErrorCode = code === "NotImplemented" ? "NotSupported" : stationText(code, CODE_LENGTH_MAX);
  const ocppErrorDescription = stationText(description, DESCRIPTION_LENGTH_MAX);
  return {
    status: 502,
    code: "OCPP_ERROR",
    message: `Charger ${identity} answered with an OCPP error: ${ocppErrorCode}`,
    extra: { ocppErrorCode, ocppErrorDescription, ocppAction: action, sent: true },
  };
}

/** A command that the OCPP version of the connection cannot express. Only the session knows that version. */
function invalidCommand(
  { reason, pointer }: Extract<CommandFailure, { kind: "invalidCommand" }>,
  body: unknown,
): V1Refusal {
  const path = fieldOf(pointer, body);
  const what = path[0] ?? "this command";
  const message = `The OCPP version of the connection cannot carry ${what}: ${reason}`;
  return invalidRequest([{ location: "body", path, code: "not_supported", message }]);
}

/** No version of these has such an action that a central system may send. */
export function unknownAction(versions: readonly OcppVersion[]): Issue {
  const actions = [...new Set(versions.flatMap((version) => SENDABLE_ACTIONS[version]))].toSorted();
  const message = `action must be one of: ${actions.join(", ")}`;
  return { location: "path", path: ["action"], code: "invalid_value", message };
}

/** A payload that the station's version of OCPP does not allow: everything that is wrong with it. */
function invalidPayload(
  { version, action, finding }: Extract<CommandFailure, { kind: "invalidPayload" }>,
  payload: unknown,
): V1Refusal {
  const found = isJsonObject(payload) ? payloadFindings(version, action, payload).slice(0, FINDINGS_MAX) : [];
  const path = finding.pointer.split("/").slice(1);
  const message = `${path.join(".") || "Request body"} breaks the schema: ${finding.keyword}`;
  const first = { path, code: finding.keyword, message };
  const all = found.length > 0 ? found : [first];
  return invalidRequest(all.map((one) => ({ location: "body", ...one, path: [...one.path] })));
}

function invalidRequest(issues: Issue[]): V1Refusal {
  return { status: 400, code: "VALIDATION_ERROR", message: "Request validation failed", extra: { issues } };
}

/** Name of a property of an OCPP CALL → name of the body field it is filled from, where the two differ. */
const FIELDS: Record<string, string> = {
  attributeValue: "value",
  name: "key",
  instance: "key",
  remoteLocation: "location",
  parentIdTag: "groupId",
  groupIdToken: "groupId",
};

/** The body field that a JSON pointer into a CALL was filled from; empty if unknown. */
function fieldOf(pointer: string, body: unknown): string[] {
  if (typeof body !== "object" || body === null) return [];
  const names = pointer.split("/").map((step) => FIELDS[step] ?? step);
  return names.filter((name) => Object.hasOwn(body, name)).slice(-1);
}

function refuse(status: 502 | 503 | 504, code: string, message: string, sent: boolean): V1Refusal {
  return { status, code, message, extra: { sent } };
}

function retry(seconds: number, refusal: V1Refusal): V1Refusal {
  return { ...refusal, headers: { "Retry-After": String(seconds) } };
}

/** Text from a station for an answer: secrets masked, cut to `lengthMax` characters. */
export function stationText(text: string, lengthMax: number): string {
  return String(redact(text)).slice(0, lengthMax).toWellFormed();
}
