import { z } from "zod";
import { fleetRequest, type Runtime } from "../../dev/demo/fleet-request.ts";
import { call, createLocation, jobStatus, type Access, type JobStatus } from "../harness/fleet.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { watch, type EngineCounters } from "./engine-counters.ts";
import { deadlineOf, deliveriesOf, type MeasuredRun } from "./measured-run.ts";

const accepted = z.object({ status_url: z.string() });

/** Posts a batch and waits for its last charger. Resolves to when it was accepted and seen ended, from the POST on. */
export async function provisionBatch(
  access: Access,
  chargers: number,
  runtime: Runtime,
): Promise<{ acceptMs: number; wallMs: number }> {
  const locationId = await createLocation(access);
  const request = fleetRequest(chargers, runtime);
  const startedAtMs = performance.now();
  const answer = await call(access, "POST", `/ocpp/locations/${locationId}/chargers`, request);
  const acceptMs = performance.now() - startedAtMs;
  if (answer.status !== 202) throw new Error(`batch: ${answer.status} ${JSON.stringify(answer.body)}`);
  const { status_url } = accepted.parse(answer.body);
  const endedAtMs = await watch("the batch", deadlineOf(chargers), async (atMs) => {
    const { body } = await call(access, "GET", status_url);
    return isWhole(jobStatus.parse(body), chargers) ? atMs : undefined;
  });
  return { acceptMs, wallMs: endedAtMs - startedAtMs };
}

function isWhole({ status, progress }: JobStatus, chargers: number): boolean {
  if (progress.failed > 0) throw new Error(`${progress.failed} chargers failed`);
  return status === "READY" && progress.created === chargers;
}

/** One batch on a stack of its own, which is started for it on the given Redis and engine, warmed up and stopped. */
export async function runCandidate(
  counters: EngineCounters,
  engineVariables: Record<string, string>,
  options: { chargers: number; runtime: Runtime; warmUpChargers: number },
): Promise<MeasuredRun> {
  const { chargers, runtime, warmUpChargers } = options;
  const stack = await startStack({ env: engineVariables });
  try {
    await provisionBatch(stack, warmUpChargers, runtime);
    await counters.drained(0, 30_000);
    await counters.reset();
    const times = await provisionBatch(stack, chargers, runtime);
    const { atMs: _atMs, ...cost } = await counters.drained(deliveriesOf(chargers), 60_000);
    return { chargers, ...times, ...cost };
  } catch (error) {
    throw new Error(`${runtime}, ${chargers} chargers:\n${lastLines(stack)}`, { cause: error });
  } finally {
    await stack.stop();
  }
}

function lastLines(stack: RunningStack): string {
  return stack.log().split("\n").slice(-20).join("\n");
}
