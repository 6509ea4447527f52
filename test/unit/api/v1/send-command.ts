import type { CommandOutcome } from "../../../../src/ports.ts";
import { bodyOf, post } from "../access-world.ts";
import type { World } from "../access-world.ts";

export const RESET_PATH = "/api/v1/chargers/CP-1/reset";

/** Sends a command for which the session has this outcome. */
export async function send(
  world: World,
  outcome: CommandOutcome,
  path = RESET_PATH,
  body: unknown = { type: "Soft" },
) {
  world.sessions.outcome = outcome;
  const response = await world.request(
    path,
    post(await world.apiKey("operator"), body, { "x-request-id": "req_1" }),
  );
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    body: await bodyOf(response),
  };
}

/** A station's answer of one word. */
export function status(word: string, ocppStatus = "Accepted"): CommandOutcome {
  const answer = { kind: "status", status: word, ocppStatus, statusInfo: null } as const;
  return { kind: "answered", version: "ocpp1.6", answer };
}
