import type { IdempotencyClaim, Organization, Ports, RecordedResponse } from "../../../ports.ts";
import { sendRecorded } from "../../http/accepted.ts";

/**
 * Runs a command once per idempotency key. Its answer is stored for repeats; a failed command frees the key. The effect
 * is not in Postgres, so a crash between the effect and the answer lets a repeat after 60 s act again.
 */
export async function once(
  ports: Pick<Ports, "idempotency" | "clock">,
  { id }: Organization,
  claim: IdempotencyClaim | null,
  run: () => Promise<RecordedResponse>,
): Promise<Response> {
  if (claim === null) return sendRecorded(await run(), false);
  const recorded = await ports.idempotency.claim(id, claim, ports.clock.now());
  if (recorded) return sendRecorded(recorded, true);
  let response: RecordedResponse;
  try {
    response = await run();
  } catch (error) {
    await ports.idempotency.release(id, claim);
    throw error;
  }
  await ports.idempotency.record(id, claim, response);
  return sendRecorded(response, false);
}
