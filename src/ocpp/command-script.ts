import type { CommandAnswer, CommandRequest, StatusInfo } from "./charger-command.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { optionalObject, optionalText } from "./payload.ts";

export type Asking<Answer> = Generator<CommandRequest, Answer, JsonValue>;

/** Thrown where an answer that passes its schema leaves out what was asked: the command ends as answered unusably. */
export class UnusableAnswer extends Error {}

/** One CALL; the answer has passed its schema when it comes back. */
export function* ask(action: string, payload: JsonObject): Asking<JsonObject> {
  const answer = yield { kind: "call", action, payload };
  return isJsonObject(answer) ? answer : {};
}

/** One CALL whose answer is a status, told in lower snake case. */
export function* askStatus(action: string, payload: JsonObject): Asking<CommandAnswer> {
  return statusAnswer(yield* ask(action, payload));
}

/** The rows of all NotifyReport messages of one request. */
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
export function snakeCase(word: string): string {
  return word.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
}

/** Payload fields that may be left out, as OCPP wants absent ones: `compact({ retries: undefined })` is `{}`. */
export function compact(fields: Record<string, JsonValue | undefined>): JsonObject {
  const payload: JsonObject = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) payload[name] = value;
  return payload;
}
