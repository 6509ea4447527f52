import { Unavailable } from "../src/errors.ts";
import type { RunFailure } from "../src/fleet/fail-charger.ts";
import { NotAcceptedYet } from "../src/fleet/provision-charger.ts";

/**
 * The engine keeps what a step throws, with its stack, in logs and dead letters: only these words leave a step.
 */
const WORDS = {
  notAccepted: "CHARGER_NOT_ACCEPTED_YET",
  outage: "DEPENDENCY_UNAVAILABLE",
  unexpected: "UNEXPECTED",
};

/** Runs one step's verb and reduces what it throws to a word that says whether it was the charger's fault. */
export async function sanitized<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotAcceptedYet) throw bare(WORDS.notAccepted);
    if (error instanceof Unavailable) throw bare(WORDS.outage);
    console.error(
      JSON.stringify({ event: "step.failed", error: error instanceof Error ? error.name : "unknown" }),
    );
    throw bare(WORDS.unexpected);
  }
}

function bare(word: string): Error {
  const error = new Error(word);
  error.stack = word;
  return error;
}

/** Reads the word back in the failure function. Anything else means that the endpoint gave no answer of ours. */
export function failureOf(failResponse: string): RunFailure {
  if (failResponse.includes(WORDS.notAccepted)) return "notAccepted";
  return failResponse.includes(WORDS.unexpected) ? "unexpected" : "outage";
}
