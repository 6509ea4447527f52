import { expect, test } from "vitest";
import { z } from "zod";
import { call } from "../harness/fleet.ts";
import {
  BULK,
  BULK_DEADLINE_MS,
  connectionOf,
  readyFleet,
  stackForEachTest,
  type Station,
} from "../harness/running-fleet.ts";
import type { RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

const own = stackForEachTest();
const changed = z.object({ updated: z.array(z.object({ id: z.string() })), failed: z.array(z.unknown()) });

/** Removes stations that are connected with this version from the list; true when it is empty. */
async function withVersion(stack: RunningStack, waiting: Set<Station>, version: string): Promise<boolean> {
  const some = [...waiting].slice(0, 50);
  const found = await Promise.all(some.map((station) => connectionOf(stack, station)));
  for (const [at, station] of some.entries())
    if (found[at]?.isOnline && found[at].ocppVersion === version) waiting.delete(station);
  return waiting.size === 0;
}

test.each([
  ["without disturbance", false],
  ["with a kill -9 of the Worker in the middle", true],
])(
  `a change of ${BULK} running chargers %s reaches every station: all come back with the new version`,
  async (_, isKilled) => {
    const stack = own.running;
    const { batch, stations } = await readyFleet(stack, BULK);
    const path = `/ocpp/locations/${batch.locationId}/chargers`;
    const { status, body } = await call(stack, "PUT", path, { ocpp_version: "OCPP2.0.1" });
    expect(status).toBe(200);
    expect(changed.parse(body)).toMatchObject({ failed: [], updated: { length: BULK } });
    const waiting = new Set(stations);
    const haveChanged = () => withVersion(stack, waiting, "ocpp2.0.1");
    if (isKilled) {
      await waitFor(
        "the first changed station",
        async () => (await haveChanged()) || waiting.size < BULK,
        60_000,
      );
      await stack.replacePart("worker");
    }
    await waitFor("every station with the new version", haveChanged, BULK_DEADLINE_MS);
  },
);
