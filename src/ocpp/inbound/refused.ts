import { answerOnly, type Handler } from "../handler.ts";
import type { JsonObject } from "../json.ts";

/** For what needs a service that this central system has none of, such as a certificate authority. */
export function refused(answer: JsonObject): Handler {
  return function refuse() {
    return answerOnly(answer);
  };
}
