import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { parseFlags, type Flags } from "../stack/flags.ts";
import { watchResidentBytes } from "../stack/resident-memory.ts";
import { lastWords, StackError } from "../stack/stack-error.ts";
import { startStack, type Stack } from "../stack/start-stack.ts";
import { stopRequest } from "../stack/stop-request.ts";
import { storeVariables } from "../stack/wiring.ts";
import { apiClient, type ApiClient } from "./api-client.ts";
import { chargeCars } from "./charge-cars.ts";
import { RUNTIMES, type Runtime } from "./fleet-request.ts";
import { progressBar } from "./progress-bar.ts";
import { provisionFleet } from "./provision-fleet.ts";
import { demoReport, nextCommands, summary } from "./report.ts";
import { timeCommands } from "./time-commands.ts";

const DEFAULT_DATA = join(".local", "demo");

const USAGE = `Usage: npm run demo -- [--chargers N] [--runtime simulated|external] [--keep] [--data DIR] [--port N] [--json]

Starts the whole stack, creates N chargers in one request, follows the job to READY, charges cars at some of
them and resets those.

  --chargers N   1 to 10000 (default $BUSBAR_DEMO_CHARGERS, else 1000)
  --runtime R    simulated (default): each charger boots over its own OCPP socket; external: records and credentials only
  --keep         leave the stack running when done, until Ctrl-C
  --data DIR     work on this directory and what it holds (default: ${DEFAULT_DATA}, emptied at the start)
  --port N       port of the API (default 0: a free one)
  --json         print one line of figures as the last line of stdout
`;

const say = (text: string) => process.stderr.write(`${text}\n`);

function readRuntime(flags: Flags): Runtime {
  const given = flags.text("runtime") ?? "simulated";
  const known = RUNTIMES.find((runtime) => runtime === given);
  if (!known) throw new StackError(`--runtime takes ${RUNTIMES.join(" or ")}, not "${given}".`);
  return known;
}

function whatNext(stack: Stack, statusUrl: string, data: string, isKept: boolean): string {
  const apiKey = stack.organization.api_key;
  return nextCommands({
    url: stack.url,
    apiKey,
    statusUrl,
    data,
    isKept,
    variables: storeVariables(process.env),
  });
}

async function provisionAndCommand(api: ApiClient, chargers: number, runtime: Runtime) {
  const bar = progressBar(process.stderr);
  const fleet = await provisionFleet(api, chargers, runtime, (progress) => bar.show(progress)).finally(() =>
    bar.end(),
  );
  if (runtime === "external") return { fleet, charged: null, commands: null };
  if (fleet.chargerIds.length > 0) say("Charging a car at some of them ...");
  const charged = fleet.chargerIds.length > 0 ? await chargeCars(api, fleet) : null;
  return { fleet, charged, commands: await timeCommands(api, fleet.identities) };
}

/** Writes the log lines of the parts to a file, because those of a thousand chargers would fill the terminal. */
function logTo(file: string): (part: string, text: string) => void {
  let stream: WriteStream | undefined;
  let isLost = false;
  const open = () =>
    createWriteStream(file, { flags: "a", mode: 0o600 }).on("error", (error) => {
      isLost = true;
      say(`${file} cannot be written (${error.message}); the log of the parts ends there.`);
    });
  return (part, text) => {
    if (isLost) return;
    stream ??= open();
    stream.write(`[${part}] ${text}\n`);
  };
}

async function main(): Promise<boolean> {
  const flags = parseFlags(
    {
      chargers: { type: "string" },
      runtime: { type: "string" },
      keep: { type: "boolean" },
      json: { type: "boolean" },
      data: { type: "string" },
      port: { type: "string" },
    },
    USAGE,
  );
  const chargers = flags.integer("chargers", 1_000, 1, 10_000, "BUSBAR_DEMO_CHARGERS");
  const runtime = readRuntime(flags);
  const dataDirectory = flags.text("data") ?? DEFAULT_DATA;
  const { stopped, signal } = stopRequest();
  const memory = watchResidentBytes();
  say("Starting the stack ...");
  const stack = await startStack({
    dataDirectory,
    fresh: flags.text("data") === undefined,
    port: flags.integer("port", 0, 0, 65_535),
    env: process.env,
    reload: false,
    line: logTo(join(dataDirectory, "stack.log")),
    note: say,
    signal,
  });
  try {
    say(`Ready at ${stack.url}.`);
    say(`Creating ${chargers} ${runtime} chargers in one request ...`);
    const api = apiClient(stack.url, stack.organization.api_key);
    const interrupted = stopped.then(() => Promise.reject(new StackError("Interrupted.")));
    const work = provisionAndCommand(api, chargers, runtime);
    const { fleet, charged, commands } = await Promise.race([work, stack.failed, interrupted]);
    const report = demoReport(chargers, { fleet, charged, commands }, memory.stop(), stack.url);
    const isKept = flags.boolean("keep");
    const text =
      summary(report, { fleet, charged, commands }) + whatNext(stack, fleet.statusUrl, dataDirectory, isKept);
    (flags.boolean("json") ? process.stderr : process.stdout).write(text);
    if (flags.boolean("json")) process.stdout.write(`${JSON.stringify(report)}\n`);
    if (isKept) await Promise.race([stopped, stack.failed]);
    const hasCharged = charged === null || charged.sessions === charged.sent;
    return report.ready === chargers && hasCharged && (commands === null || commands.answered > 0);
  } finally {
    await stack.stop();
  }
}

try {
  process.exit((await main()) ? 0 : 1);
} catch (error) {
  say(lastWords(error));
  process.exit(1);
}
