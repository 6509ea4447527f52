import type { CommandOutcome } from "../ports.ts";

/** Result of one command. "retry": no answer, or an error that may be temporary. */
export interface Verdict {
  outcome: "applied" | "reboot_required" | "rejected" | "unsupported" | "retry";
  detail: string | null;
}

export const APPLIED: Verdict = { outcome: "applied", detail: null };

const UNKNOWN_TO_STATION = new Set(["NotImplemented", "NotSupported"]);
/** CALLERROR codes that may be temporary. */
const PASSING = new Set(["InternalError", "GenericError"]);

const WORDS: Record<string, Verdict["outcome"]> = {
  Accepted: "applied",
  RebootRequired: "reboot_required",
  Rejected: "rejected",
  NotSupported: "unsupported",
  UnknownComponent: "unsupported",
  UnknownVariable: "unsupported",
  NotSupportedAttributeType: "unsupported",
};

/** Verdict on the outcome of a command. On the last try a temporary error counts as a refusal. */
export function verdictOf(outcome: CommandOutcome, isLastTry: boolean): Verdict {
  if (outcome.kind === "answered") return ofWord(wordOf(outcome));
  if (outcome.kind === "stationError") {
    const code = outcome.code.trim();
    if (UNKNOWN_TO_STATION.has(code))
      return { outcome: "unsupported", detail: `The station answered ${code}` };
    if (PASSING.has(code) && !isLastTry) return { outcome: "retry", detail: `The station answered ${code}` };
    return { outcome: "rejected", detail: `The station answered ${code}` };
  }
  if (outcome.kind === "invalidCommand")
    return { outcome: "rejected", detail: "The station's OCPP version has no words for this value" };
  if (outcome.kind === "invalidAnswer")
    return { outcome: "rejected", detail: "The station's answer breaks the schema of its OCPP version" };
  return { outcome: "retry", detail: null };
}

function wordOf({ answer }: CommandOutcome & { kind: "answered" }): string {
  if (answer.kind === "payload")
    return typeof answer.payload.status === "string" ? answer.payload.status : "";
  return answer.kind === "configurationChange" ? (answer.ocppStatus ?? answer.status) : "Accepted";
}

function ofWord(word: string): Verdict {
  const outcome = WORDS[word] ?? "rejected";
  return {
    outcome,
    detail: outcome === "applied" || outcome === "reboot_required" ? null : `The station answered ${word}`,
  };
}
