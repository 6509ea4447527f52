import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseFlags } from "../../dev/stack/flags.ts";
import { stopRequest } from "../../dev/stack/stop-request.ts";
import { forgetData, runChaos } from "./run.ts";
import { summary } from "./summary.ts";

const USAGE = `Usage: npm run chaos -- [--minutes M] [--seed S] [--round SECONDS] [--directory DIR] [--json]

Starts a whole stack with proxies between its parts, works on it with random operations and stations while
parts are cut off, slowed down, stopped and killed, and audits it in the quiet after each round.

  --minutes M      how long (default 2)
  --seed S         whole number that decides what happens (default: a new one, which is printed)
  --round SECONDS  how long faults are on in each round (default 30)
  --directory DIR  where the evidence is kept (default: a new one, which is printed)
  --json           print the result as one line of JSON
  Exit code 0 without violations, 1 with some, 2 for a mistake in the command line.
`;

const SEED_MAX = 2 ** 31 - 1;

const flags = parseFlags(
  {
    minutes: { type: "string" },
    seed: { type: "string" },
    round: { type: "string" },
    directory: { type: "string" },
    json: { type: "boolean" },
  },
  USAGE,
);
const seed = flags.integer("seed", Math.floor(Math.random() * SEED_MAX), 0, SEED_MAX);
const minutes = flags.integer("minutes", 2, 1, 24 * 60);
const roundSeconds = flags.integer("round", 30, 5, 600);
const directory = flags.text("directory") ?? mkdtempSync(join(tmpdir(), `busbar-chaos-${seed}-`));
const say = (line: string) => process.stderr.write(`${line}\n`);

const { signal } = stopRequest();
say(`seed ${seed}, ${minutes} minutes, evidence in ${directory}`);
try {
  const result = await runChaos({ seed, minutes, directory, roundSeconds, say, signal });
  process.stdout.write(
    flags.boolean("json") ? `${JSON.stringify({ ...result, directory })}\n` : summary(result, directory),
  );
  if (result.violations.length === 0) forgetData(directory);
  process.exit(result.violations.length === 0 ? 0 : 1);
} catch (error) {
  say(
    error instanceof Error
      ? `${error.stack}${error.cause ? `\ncaused by ${String(error.cause)}` : ""}`
      : String(error),
  );
  process.exit(1);
}
