/**
 * Everything that is needed to believe a change: the gate, then the test lanes, cheapest first and one after the
 * other, so that real processes never compete. Every lane runs even when an earlier one failed. `--lane NAME` (may be
 * repeated) runs some of them.
 */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { endSurvivors } from "./end-survivors.mjs";
import { runCommand, toolEnvironment } from "./run-commands.mjs";

const vitest = (project) => [project, "vitest", ["run", "--project", project, "--passWithNoTests"]];

const lanes = [
  ["check", "node", ["scripts/check.mjs"]],
  ...["unit", "workers", "contract", "e2e", "faults", "bench"].map(vitest),
];

const { values } = parseArgs({ options: { lane: { type: "string", multiple: true } } });
const unknown = (values.lane ?? []).filter((name) => !lanes.some(([known]) => known === name));
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown lane: ${unknown.join(", ")}. There are: ${lanes.map(([name]) => name).join(", ")}.\n`,
  );
  process.exit(2);
}

// Inherited by everything the lanes start, so that a process left behind is recognised as ours.
const run = randomUUID();
const env = toolEnvironment({ BUSBAR_TEST_RUN: run });
const rows = [];
for (const [name, command, args] of lanes) {
  if (values.lane && !values.lane.includes(name)) continue;
  process.stdout.write(`\n=== ${name}\n`);
  const { code, seconds } = await runCommand(command, args, { env });
  const left = await endSurvivors("BUSBAR_TEST_RUN", run);
  for (const process_ of left) process.stdout.write(`left behind by ${name}, ended now: ${process_}\n`);
  rows.push({ name, isGreen: code === 0 && left.length === 0, seconds });
}

process.stdout.write("\n");
for (const { name, isGreen, seconds } of rows) {
  process.stdout.write(`${isGreen ? "ok    " : "FAILED"} ${name} (${seconds.toFixed(0)} s)\n`);
}
process.exit(rows.every((row) => row.isGreen) ? 0 : 1);
