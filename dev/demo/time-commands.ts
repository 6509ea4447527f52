import { z } from "zod";
import { UnexpectedAnswer, type ApiClient } from "./api-client.ts";

const SAMPLE_MAX = 25;

const anything = z.unknown();

export interface CommandTimes {
  /** Median round trip of the commands that were answered; null when none was. */
  p50Ms: number | null;
  sent: number;
  answered: number;
  /** Why the first unanswered one failed, as text for the user. */
  firstFailure: string | undefined;
}

/** Picks chargers at even distances in the list, each at most once. */
export function sample(identities: readonly string[]): string[] {
  const count = Math.min(SAMPLE_MAX, identities.length);
  return Array.from(
    { length: count },
    (_, index) => identities[Math.floor((index * identities.length) / count)] ?? "",
  );
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  const lower = sorted[Math.ceil(middle) - 1];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

/** Resets some chargers, one after the other, and measures each round trip to the station. */
export async function timeCommands(api: ApiClient, identities: readonly string[]): Promise<CommandTimes> {
  const chosen = sample(identities);
  const times: number[] = [];
  let firstFailure: string | undefined;
  for (const identity of chosen) {
    try {
      const path = `/api/v1/chargers/${encodeURIComponent(identity)}/reset`;
      times.push((await api.post(path, { type: "Soft" }, anything)).elapsedMs);
    } catch (error) {
      if (!(error instanceof UnexpectedAnswer)) throw error;
      firstFailure ??= error.message;
    }
  }
  return { p50Ms: median(times), sent: chosen.length, answered: times.length, firstFailure };
}
