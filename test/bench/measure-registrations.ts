import { provisionBatch } from "./candidate.ts";
import { HttpClient } from "./commands/http-client.ts";
import { startStack } from "../harness/stack.ts";

/** As many chargers registered one by one as in one batch, on the same stack. */
export interface Registrations {
  chargers: number;
  /** Requests at a time. */
  lanes: number;
  registerMs: number;
  /** From the POST of the batch to the poll that shows the last external charger READY. */
  batchMs: number;
}

const LANES = 16;

/** Chargers per second registered one by one over those of the batch. */
export const registrationRatio = ({ registerMs, batchMs }: Registrations): number => batchMs / registerMs;

/** Both sides warm up with a tenth of the chargers. */
export async function measureRegistrations(chargers: number): Promise<Registrations> {
  const stack = await startStack();
  const client = new HttpClient(stack.url, LANES);
  const register = async (prefix: string, count: number) => {
    const startedAtMs = performance.now();
    let next = 0;
    const lane = async () => {
      while (next < count) {
        const chargeBoxId = `${prefix}-${next++}`;
        const { status, text } = await client.post("/api/v1/chargers", stack.apiKey, { chargeBoxId });
        if (status !== 201) throw new Error(`register ${chargeBoxId}: ${status} ${text}`);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return performance.now() - startedAtMs;
  };
  try {
    const warmUp = Math.ceil(chargers / 10);
    await register("WARM", warmUp);
    await provisionBatch(stack, warmUp, "external");
    const registerMs = await register("REG", chargers);
    const { wallMs: batchMs } = await provisionBatch(stack, chargers, "external");
    return { chargers, lanes: LANES, registerMs, batchMs };
  } finally {
    client.close();
    await stack.stop();
  }
}
