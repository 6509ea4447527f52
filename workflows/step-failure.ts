import { Unavailable } from "../src/errors.ts";
import { NotAcceptedYet, type RunFailure } from "../src/fleet/provision-charger.ts";
import { within } from "../src/within.ts";

/**
 * The engine keeps what a step throws, with its stack, in logs and dead letters: only these words leave a step.
 */
const WORDS = {
  notAccepted: "CHARGER_NOT_ACCEPTED_YET",
  outage: "DEPENDENCY_UNAVAILABLE",
  unexpected: "UNEXPECTED",
};

/**
 * Below every deadline of an engine for one delivery. The hosted service waits for an endpoint for hours, and a delivery
 * that hangs holds a slot of its flow-control key for as long.
 */
export const STEP_DEADLINE_MS = 50_000;

/**
 * Runs one step's verb and reduces what it throws to a word that says whether it was the charger's fault. A verb without
 * a result at the deadline counts as an outage; every verb can be repeated, also while an earlier attempt still runs.
 */
export async function sanitized<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await within(STEP_DEADLINE_MS, work(), late);
  } catch (error) {
    if (error instanceof NotAcceptedYet) throw bare(WORDS.notAccepted);
    if (error instanceof Unavailable) throw bare(WORDS.outage);
    console.error(
      JSON.stringify({ event: "step.failed", error: error instanceof Error ? error.name : "unknown" }),
    );
    throw bare(WORDS.unexpected);
  }
}

function late(): Unavailable {
  return new Unavailable("The step did not end in time");
}

function bare(word: string): Error {
  const error = new Error(word);
  error.stack = word;
  return error;
}

/** The word of a step in the answer that its endpoint gave last; null: another answer, or none. */
export function wordOf(response: string): string | null {
  return Object.values(WORDS).find((word) => response.includes(word)) ?? null;
}

/** Reads the word back in the failure function. Anything else means that the endpoint gave no answer of ours. */
export function failureOf(failResponse: string): RunFailure {
  if (failResponse.includes(WORDS.notAccepted)) return "notAccepted";
  return failResponse.includes(WORDS.unexpected) ? "unexpected" : "outage";
}
