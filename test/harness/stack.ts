import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { readLivingStack } from "../../dev/stack/data-directory.ts";
import { endProcess } from "../../dev/stack/end-process.ts";
import { identify, isAlive, type ProcessIdentity } from "../../dev/stack/process-identity.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { waitFor } from "./wait-for.ts";

const root = join(import.meta.dirname, "..", "..");
const READY_DEADLINE_MS = 90_000;

/** Parts of a running stack. */
export type PartName = "sql" | "redis" | "engine" | "worker";

const ready = z.object({
  url: z.string(),
  organization: z.string(),
  organization_slug: z.string(),
  api_key: z.string(),
});

export interface StackProcessOptions {
  /** Kept when given; else a temporary one that `stop` removes. */
  dataDirectory?: string;
  env?: Record<string, string>;
  /** Further flags. `--json` is always passed, and `--port 0` unless a port is given here. */
  args?: string[];
}

/** A stack in processes of its own, started as by a user. */
export interface RunningStack {
  url: string;
  /** UUID of the first organisation. */
  organization: string;
  organizationSlug: string;
  /** Key of that organisation with role owner. */
  apiKey: string;
  dataDirectory: string;
  /** What the stack has written to stderr so far. */
  log(): string;
  /** The living process of a part. */
  part(name: PartName): ProcessIdentity;
  /** Address of a part. */
  address(name: PartName | "scheduler"): string;
  /** kill -9 on one part. Resolves when it has ended; the supervisor restarts it. */
  killPart(name: PartName): Promise<void>;
  /** Like `killPart`, and waits until the part is restarted and the stack is ready again. */
  replacePart(name: PartName): Promise<void>;
  /** Runs the Worker's scheduled handler now. */
  fireScheduled(): Promise<void>;
  /** kill -9 on the supervisor alone. */
  killSupervisor(): Promise<void>;
  /** The supervisor's exit code, once it has ended by itself or otherwise. */
  exited: Promise<number | null>;
  /** Ends the stack as Ctrl-C does. Returns its exit code. May be called twice. */
  stop(): Promise<number | null>;
}

// Variables of the developer's environment that would change what a test runs against.
const SWITCHES =
  /^(DATABASE_URL|NEON_FETCH_ENDPOINT|PUBLIC_BASE_URL|UPSTASH_\w+|QSTASH_\w+|BUSBAR_\w+|JW\w+_\w+|RATE_LIMIT_\w+)$/;
const KEPT = new Set(["BUSBAR_TEST_RUN", "BUSBAR_PG_URL", "BUSBAR_REDIS_URL"]);

export function stackEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !SWITCHES.test(name) || KEPT.has(name));
  return { ...Object.fromEntries(inherited.map(([name, value]) => [name, value ?? ""])), ...extra };
}

const supervisors = new Set<ChildProcess>();
// Stops the stacks that a failed test has left, at the end of its file. A global setup, which runs outside of the workers, and
// programs that run without vitest stop theirs themselves.
if ("VITEST_POOL_ID" in process.env) {
  const { afterAll } = await import("vitest");
  afterAll(() => Promise.all([...supervisors].map(endSupervisor)));
}

async function endSupervisor(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

/** The command line of `npm start` without npm. */
export function spawnStack(dataDirectory: string, options: StackProcessOptions = {}): ChildProcess {
  const args = options.args ?? [];
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const main = join(root, "dev", "stack", "main.ts");
  const child = spawn(process.execPath, [main, "--json", "--data", dataDirectory, ...port, ...args], {
    cwd: root,
    env: stackEnvironment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  supervisors.add(child);
  child.once("exit", () => supervisors.delete(child));
  return child;
}

/** What a child wrote and how it ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Waits for the end of a child that ends by itself. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

/** Starts a whole stack and waits until it is ready. */
export async function startStack(options: StackProcessOptions = {}): Promise<RunningStack> {
  const temporary = options.dataDirectory === undefined ? temporaryDirectory() : undefined;
  const dataDirectory = options.dataDirectory ?? temporary?.path ?? "";
  const child = spawnStack(dataDirectory, options);
  const supervisor = identify(child.pid ?? 0);
  let log = "";
  child.stderr?.on("data", (chunk) => (log += String(chunk)));
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const announced = await announcement(child, exited, () => log);

  const stop = async () => {
    if (isAlive(supervisor)) child.kill("SIGINT");
    const code = await exited;
    temporary?.remove();
    return code;
  };
  const part = (name: PartName) => {
    const found = readLivingStack(dataDirectory)?.parts[name];
    if (!found) throw new Error(`the stack has no part ${name}`);
    return found;
  };
  const address = (name: PartName | "scheduler") => {
    const found = readLivingStack(dataDirectory)?.addresses[name];
    if (!found) throw new Error(`the stack has no address of ${name}`);
    return found;
  };
  const killPart = (name: PartName) => endAtOnce(part(name));
  return {
    ...announced,
    dataDirectory,
    log: () => log,
    part,
    address,
    killPart,
    replacePart: async (name) => {
      const before = part(name);
      await endAtOnce(before);
      await waitFor(
        `another process for ${name}`,
        () => part(name).pid !== before.pid && isAlive(part(name)),
      );
      await untilReady(announced.url);
    },
    fireScheduled: () => fireScheduled(address("scheduler")),
    killSupervisor: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    exited,
    stop,
  };
}

async function announcement(child: ChildProcess, exited: Promise<number | null>, log: () => string) {
  const firstLine = new Promise<string>((resolve) => {
    if (child.stdout) createInterface({ input: child.stdout }).once("line", resolve);
  });
  const ending = exited.then((code) => new Error(`the stack ended with exit code ${code}:\n${log()}`));
  const late = AbortSignal.timeout(READY_DEADLINE_MS);
  const tooLate = new Promise<Error>((resolve) =>
    late.addEventListener("abort", () => resolve(new Error(`the stack was not ready in time:\n${log()}`))),
  );
  const outcome = await Promise.race([firstLine, ending, tooLate]);
  if (outcome instanceof Error) {
    child.kill("SIGTERM");
    throw outcome;
  }
  const { url, organization, organization_slug, api_key } = ready.parse(JSON.parse(outcome));
  return { url, organization, organizationSlug: organization_slug, apiKey: api_key };
}

function endAtOnce(process_: ProcessIdentity): Promise<void> {
  process.kill(process_.pid, "SIGKILL");
  return endProcess(process_, 0);
}

async function fireScheduled(scheduler: string): Promise<void> {
  const body = JSON.stringify({ cron: "* * * * *", scheduledTime: Date.now() });
  const answer = await fetch(scheduler, { method: "POST", body });
  if (!answer.ok) throw new Error(`the scheduler answered ${answer.status}`);
}

/** Waits until `/readyz` is green. */
export async function untilReady(url: string): Promise<void> {
  await waitFor(`${url}/readyz`, async () => (await fetch(`${url}/readyz`)).status === 200, 30_000);
}
