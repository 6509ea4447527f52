import type { CommandAnswer, CommandRequest, StatusInfo } from "./charger-command.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { optionalObject, optionalText } from "./payload.ts";

/** A part of a command that yields requests and returns an `Answer`. */
export type Asking<Answer> = Generator<CommandRequest, Answer, JsonValue>;

/** A valid answer lacks what was asked for. The command ends with an invalid answer. */
export class UnusableAnswer extends Error {}

/** Sends one CALL and returns its answer, which has been validated. */
export function* ask(action: string, payload: JsonObject): Asking<JsonObject> {
  const answer = yield { kind: "call", action, payload };
  return isJsonObject(answer) ? answer : {};
}

/** Sends one CALL and returns the status of its answer in snake_case. */
export function* askStatus(action: string, payload: JsonObject): Asking<CommandAnswer> {
  return statusAnswer(yield* ask(action, payload));
}

/** Waits for all NotifyReport messages of a request and returns their rows. */
export function* awaitReport(requestId: number): Asking<JsonObject[]> {
  const rows = yield { kind: "report", requestId };
  return Array.isArray(rows) ? rows.filter(isJsonObject) : [];
}

export function statusAnswer(answer: JsonObject): CommandAnswer & { kind: "status" } {
  const { ocppStatus, statusInfo } = stationWord(answer);
  return { kind: "status", status: snakeCase(ocppStatus ?? ""), ocppStatus, statusInfo };
}

export function stationWord(answer: JsonObject): {
  ocppStatus: string | null;
  statusInfo: StatusInfo | null;
} {
  const info = optionalObject(answer, "statusInfo") ?? optionalObject(answer, "attributeStatusInfo");
  const statusInfo = info && {
    reasonCode: optionalText(info, "reasonCode") ?? "",
    additionalInfo: optionalText(info, "additionalInfo"),
  };
  return { ocppStatus: optionalText(answer, "status"), statusInfo };
}

/** `AcceptedCanceled` → `accepted_canceled` */
function snakeCase(word: string): string {
  return word.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
}

/** Payload without its undefined fields: `compact({ retries: undefined })` is `{}`. */
export function compact(fields: Record<string, JsonValue | undefined>): JsonObject {
  const payload: JsonObject = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) payload[name] = value;
  return payload;
}
