import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { audit } from "../chaos/audit.ts";
import { gather } from "../chaos/quiesce.ts";
import { runChaos } from "../chaos/run.ts";
import { openSql } from "../harness/sql.ts";

const SEED = Number(process.env["BUSBAR_CHAOS_SEED"] ?? 4711);
const ROUND_SECONDS = 25;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "busbar-chaos-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));

test(`after a round of random faults under random work nothing is lost, doubled, untrue or left over (seed ${SEED}), and what is broken by hand is found`, async () => {
  let brokenByHand: string[] = [];
  const result = await runChaos({
    seed: SEED,
    minutes: ROUND_SECONDS / 60,
    roundSeconds: ROUND_SECONDS,
    directory,
    say: (line) => console.log(line),
    afterwards: async (observed) => {
      const sql = openSql(observed.stack.running.address("sql"));
      await sql("UPDATE transactions SET meter_stop_wh = meter_stop_wh + 1", []);
      await sql("UPDATE chargers SET organization_id = gen_random_uuid() WHERE status = 'READY'", []);
      brokenByHand = audit(await gather(observed)).map(({ invariant }) => invariant);
    },
  });
  console.log(
    JSON.stringify({ seed: SEED, scenes: result.scenes, faults: result.faults, figures: result.figures }),
  );
  expect(result.violations).toEqual([]);
  // A run in which nothing happened would prove nothing.
  const { requests, transactions, chargers } = result.figures;
  for (const count of [requests, transactions, chargers]) expect(count).toBeGreaterThan(10);
  expect(Object.values(result.faults).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(10);
  expect(brokenByHand).toEqual(expect.arrayContaining(["loss", "I9", "I13"]));
}, 300_000);
