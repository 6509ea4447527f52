import { Unavailable } from "../src/errors.ts";
import { NotAcceptedYet, type RunFailure } from "../src/fleet/provision/provision-charger.ts";
import { within } from "../src/within.ts";

/**
 * Words that a step may throw. The engine stores a thrown error with its stack in logs and dead letters, so nothing
 * else may leave a step.
 */
const WORDS = {
  notAccepted: "CHARGER_NOT_ACCEPTED_YET",
  outage: "DEPENDENCY_UNAVAILABLE",
  unexpected: "UNEXPECTED",
};

/**
 * Deadline of a step in ms. A delivery that hangs holds a flow-control slot, and the hosted engine would wait for
 * hours.
 */
export const STEP_DEADLINE_MS = 50_000;

/**
 * Runs the work of a step and reduces what it throws to one of the words above. Work without a result at the deadline
 * counts as an outage. All work is idempotent, also while an earlier attempt still runs.
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

/** Word in the last answer of a step's endpoint; null: another answer, or none. */
export function wordOf(response: string): string | null {
  return Object.values(WORDS).find((word) => response.includes(word)) ?? null;
}

/** Reads the word in the failure function of a run. Anything else means that no step of ours answered: an outage. */
export function failureOf(failResponse: string): RunFailure {
  if (failResponse.includes(WORDS.notAccepted)) return "notAccepted";
  return failResponse.includes(WORDS.unexpected) ? "unexpected" : "outage";
}
