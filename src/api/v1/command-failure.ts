import { longestTimeout } from "../../commands/longest-timeout.ts";
import type { CommandFailure } from "../../commands/send-command.ts";
import { redact } from "../../ocpp/redact.ts";
import type { CommandTimeout } from "../../ports.ts";
import type { V1Refusal } from "./issues.ts";

const CODE_LENGTH_MAX = 50;
const DESCRIPTION_LENGTH_MAX = 255;

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
  const issues = [{ location: "body", path, code: "not_supported", message }];
  return { status: 400, code: "VALIDATION_ERROR", message: "Request validation failed", extra: { issues } };
}

/** Name of a property of an OCPP CALL → name of the body field it is filled from, where the two differ. */
const FIELDS: Record<string, string> = {
  attributeValue: "value",
  name: "key",
  instance: "key",
  remoteLocation: "location",
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
