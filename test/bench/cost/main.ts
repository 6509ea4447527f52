import { parseFlags } from "../../../dev/stack/flags.ts";
import { stopRequest } from "../../../dev/stack/stop-request.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { emptyResults } from "../provisioning-results.ts";
import { startStack, type RunningStack } from "../../harness/stack.ts";
import { costResults } from "./cost-results.ts";
import { measureStation, REPEATS, type Samples } from "./cost-scenario.ts";
import { keepRun, type CostRun } from "./cost-run.ts";
import { costTable } from "./cost-table.ts";
import { startMeteredRuntime } from "./metered-runtime.ts";

const USAGE = `Usage: npm run bench:cost -- [--json] [--save LABEL]

Measures what the session object of a charger uses for each thing that happens to it, in workerd, with a station of OCPP 1.6 and one of
2.0.1, and what that costs in a month. Prints a table.

  --json        then prints the results as one line of JSON, the last
  --save LABEL  keeps them under this label for docs/performance.md (node test/bench/cost/write-table.ts)
`;

const VERSIONS: OcppVersion[] = ["ocpp1.6", "ocpp2.0.1"];

const flags = parseFlags({ json: { type: "boolean" }, save: { type: "string" } }, USAGE);
const label = flags.text("save");
const { startedAt, versions, machine } = emptyResults("full", "npm run bench:cost");
const stations = await measureAll();
const run: CostRun = {
  label: label ?? "now",
  commit: versions["commit"] ?? "unknown",
  startedAt,
  machine: `${machine.cores} cores of ${machine.cpu}`,
  results: costResults(stations),
};
if (label !== undefined) keepRun(run);
process.stdout.write(costTable([run]));
if (flags.boolean("json")) process.stdout.write(`${JSON.stringify(run.results)}\n`);

/** One workerd for each version, so that both are measured at once and none counts what the other does. */
async function measureAll(): Promise<Samples[]> {
  const starting = startStack();
  void stopRequest().stopped.then(async () => {
    const started = await starting.catch(() => null);
    await started?.stop();
    process.exit(1);
  });
  const stack = await starting;
  const measured = VERSIONS.map((version) => measure(stack, version));
  // Each has stopped its own runtime before the stack goes.
  await Promise.allSettled(measured);
  await stack.stop();
  return Promise.all(measured);
}

async function measure(stack: RunningStack, version: OcppVersion): Promise<Samples> {
  const runtime = await startMeteredRuntime(stack, `metered-${version}`);
  try {
    const say = (line: string) => process.stderr.write(`${line}\n`);
    return await measureStation({ ...stack, url: runtime.url }, version, REPEATS, say);
  } finally {
    await runtime.stop();
  }
}
