import type { CommandOf, CommandScript } from "./charger-command.ts";
import { ask, askStatus, compact, stationWord } from "./command-script.ts";

/** One CALL, answered with the payload of its CALLRESULT. */
export function* call({ action, payload }: CommandOf<"call" | "raw">): CommandScript {
  return { kind: "payload", payload: yield* ask(action, payload) };
}

/** ClearCache; a station without a cache answers Rejected (1.6 errata 3.23). */
export const clearCache = () => askStatus("ClearCache", {});

/** DataTransfer. `data` is text; a 2.x station may answer any JSON, which is returned as JSON text. */
export function* dataTransfer({ vendorId, messageId, data }: CommandOf<"dataTransfer">): CommandScript {
  const answer = yield* ask("DataTransfer", compact({ vendorId, messageId, data }));
  const { ocppStatus, statusInfo } = stationWord(answer);
  const returned = answer.data ?? null;
  const responseData =
    returned === null || typeof returned === "string" ? returned : JSON.stringify(returned);
  return { kind: "dataTransfer", status: ocppStatus ?? "", responseData, ocppStatus, statusInfo };
}
