import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { call, postBatch } from "../harness/fleet.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const CHARGERS = 1_000;
const report = z.object({
  targeted_count: z.number(),
  queued_count: z.number(),
  failed_count: z.number(),
  results: z.array(z.object({ charger_id: z.string(), command: z.object({ id: z.string() }) })),
});

test("a command to 1,000 chargers of a location is answered at once, and reaches every one of them", async () => {
  const batch = await postBatch(stack, { chargers: CHARGERS, version: "OCPP2.0.1" });
  await batch.finished();
  const sentAtMs = performance.now();
  const { status, body } = await call(stack, "POST", "/ocpp/commands/plug", {
    target: { location_id: batch.locationId },
  });
  const elapsedMs = performance.now() - sentAtMs;
  process.stdout.write(`location command: ${CHARGERS} chargers answered in ${elapsedMs.toFixed(0)} ms\n`);
  const { results, ...counts } = report.parse(body);
  expect([status, counts]).toEqual([
    202,
    { targeted_count: CHARGERS, queued_count: CHARGERS, failed_count: 0 },
  ]);
  expect(new Set(results.map(({ command }) => command.id)).size).toBe(CHARGERS);
  expect(new Set(results.map(({ charger_id: id }) => id)).size).toBe(CHARGERS);
  const query = openSql(stack.address("sql"));
  await waitFor(
    "a car at every charger",
    async () => {
      const [row] = await query(
        `SELECT count(DISTINCT n.charger_id)::int AS occupied FROM connectors n JOIN chargers c ON c.id = n.charger_id
         WHERE c.location_id = $1::uuid AND n.status = 'Preparing'`,
        [batch.locationId],
      );
      return Number(row?.["occupied"]) === CHARGERS;
    },
    60_000,
  );
}, 240_000);
