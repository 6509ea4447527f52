import { spawn } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ended, stackEnvironment, startStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

const root = join(import.meta.dirname, "..", "..");

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => (directory = temporaryDirectory()));
afterEach(() => directory.remove());

function demo(...args: string[]) {
  const main = join(root, "dev", "demo", "main.ts");
  return spawn(process.execPath, [main, "--data", directory.path, ...args], {
    cwd: root,
    env: stackEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

it("the demo brings every simulated charger to READY, charges cars, commands some, and prints its figures as one line", async () => {
  const { code, stdout, stderr } = await ended(demo("--chargers", "12", "--json"));
  expect(stderr).toContain("12 of 12 chargers READY");
  expect(stderr).toMatch(/ {2}charging {7}12 of 12 sessions of 10 s, [1-9]?\d\.\d\d kWh delivered\n/);
  expect(stderr.split(/[\r\n]/).filter(({ length }) => length > 80)).toEqual([]);
  expect(code).toBe(0);
  expect(stdout.trim().split("\n")).toHaveLength(1);
  const report: unknown = JSON.parse(stdout);
  expect(report).toEqual({
    chargers: 12,
    ready: 12,
    failed: 0,
    accept_ms: expect.any(Number),
    ready_seconds: expect.any(Number),
    chargers_per_second: expect.any(Number),
    energy_kwh: expect.any(Number),
    command_p50_ms: expect.any(Number),
    peak_rss_mb: expect.any(Number),
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    job_id: expect.any(String),
  });
});

it("external chargers become READY without a station, no command is sent, and a log on a full disk is reported", async () => {
  const log = join(directory.path, "stack.log");
  symlinkSync("/dev/full", log);
  const { code, stdout, stderr } = await ended(demo("--chargers", "3", "--runtime", "external", "--json"));
  expect(code).toBe(0);
  expect(stderr).toContain(`${log} cannot be written (ENOSPC`);
  expect(JSON.parse(stdout)).toMatchObject({ chargers: 3, ready: 3, failed: 0, command_p50_ms: null });
});

it("the fleet of a demo is connected again when the stack is started on its data", async () => {
  const { code, stdout } = await ended(demo("--chargers", "2", "--runtime", "external"));
  expect(code).toBe(0);
  const value = (name: string) => new RegExp(`^  ${name}=(\\S+)$`, "m").exec(stdout)?.[1] ?? "";
  const path = `/ocpp/locations/${value("LOCATION")}/chargers/jobs/${value("JOB")}`;
  const stack = await startStack({ dataDirectory: directory.path });
  const answer = await fetch(`${stack.url}${path}`, { headers: { authorization: `Bearer ${value("KEY")}` } });
  expect(await answer.json()).toMatchObject({ status: "READY", progress: { total: 2, created: 2 } });
  await stack.stop();
});

it.each([
  [["--chargers", "0"], 2, "--chargers takes a whole number from 1 to 10000"],
  [["--runtime", "cloud"], 1, "--runtime takes simulated or external"],
])("%s is refused before anything is started", async (args, exitCode, message) => {
  const { code, stdout, stderr } = await ended(demo(...args));
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  expect(stderr).toContain(message);
});
