/**
 * Runs all static checks and tests: the lanes one after the other, cheapest first, so that their processes do not compete. A
 * lane runs even when an earlier one failed. `--lane NAME` (may be repeated) runs only some of them.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { endSurvivors } from "./end-survivors.mjs";
import { root, runCommand, toolEnvironment } from "./run-commands.mjs";

const reportOf = (project) => join(root, "dist", "test-reports", `${project}.json`);
const vitest = (project) => {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportOf(project)}`];
  return [project, "vitest", ["run", "--project", project, "--passWithNoTests", ...reporters]];
};

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

// All processes of the lanes inherit it, so that those left behind are recognised.
const run = randomUUID();
const env = toolEnvironment({ BUSBAR_TEST_RUN: run });
const rows = [];
for (const [name, command, args] of lanes) {
  if (values.lane && !values.lane.includes(name)) continue;
  process.stdout.write(`\n=== ${name}\n`);
  rmSync(reportOf(name), { force: true });
  const { code, seconds } = await runCommand(command, args, { env });
  const left = await endSurvivors("BUSBAR_TEST_RUN", run);
  for (const process_ of left) process.stdout.write(`left behind by ${name}, ended now: ${process_}\n`);
  rows.push({ name, isGreen: code === 0 && left.length === 0, seconds });
}

process.stdout.write("\n");
for (const { name, isGreen, seconds } of rows) {
  process.stdout.write(`${isGreen ? "ok    " : "FAILED"} ${name} (${seconds.toFixed(0)} s)\n`);
  if (!isGreen) for (const title of failedTests(reportOf(name))) process.stdout.write(`       ${title}\n`);
}
process.exit(rows.every((row) => row.isGreen) ? 0 : 1);

/** The failed tests of a lane, printed again at the end of the output. */
function failedTests(report) {
  if (!existsSync(report)) return [];
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  return testResults
    .filter(({ status }) => status === "failed")
    .flatMap(({ name, message, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === "failed");
      const titles = failed.map(
        ({ fullName, failureMessages }) => `${fullName}: ${reasonIn(failureMessages[0])}`,
      );
      return (titles.length > 0 ? titles : [reasonIn(message)]).map(
        (title) => `${relative(root, name)}: ${title}`,
      );
    });
}

/** An error message without its stack. A long one, such as the log of a process, is shortened to its beginning and end. */
function reasonIn(text = "") {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
  const excerpt = lines.length > 13 ? [lines[0], "…", ...lines.slice(-12)] : lines;
  return excerpt.map((line) => line.slice(0, 300)).join("\n         ");
}
