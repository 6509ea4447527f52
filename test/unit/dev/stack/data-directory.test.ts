import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readLivingStack, takeDataDirectory } from "../../../../dev/stack/data-directory.ts";
import { identify, isAlive, type ProcessIdentity } from "../../../../dev/stack/process-identity.ts";
import { StackError } from "../../../../dev/stack/stack-error.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => (directory = temporaryDirectory()));
afterEach(() => directory.remove());

const nobody = { url: "http://127.0.0.1:1", addresses: {}, parts: {} };

/** A process that outlives whoever started it. */
function bystander() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 60000)"], {
    detached: true,
    stdio: "ignore",
  });
  return { identity: identify(child.pid ?? 0), end: () => child.kill("SIGKILL") };
}

/** `stack.json` as a killed supervisor leaves it. */
function leaveList(parts: Record<string, ProcessIdentity>): void {
  const supervisor = { pid: process.pid, started: "long ago" };
  writeFileSync(join(directory.path, "stack.json"), JSON.stringify({ ...nobody, supervisor, parts }));
}

it("a directory is refused while its supervisor runs, and can be taken again after its release", async () => {
  const first = await takeDataDirectory(directory.path);
  await expect(takeDataDirectory(directory.path)).rejects.toThrow(
    `A stack already runs on ${directory.path} (process ${process.pid})`,
  );
  first.release();
  (await takeDataDirectory(directory.path)).release();
});

it("parts that a killed supervisor left behind are ended before the directory is taken", async () => {
  const left = bystander();
  leaveList({ worker: left.identity });
  await takeDataDirectory(directory.path);
  expect(isAlive(left.identity)).toBe(false);
});

it("a process that only has the pid of a former part is not ended", async () => {
  const stranger = bystander();
  leaveList({ worker: { pid: stranger.identity.pid, started: "long ago" } });
  await takeDataDirectory(directory.path);
  expect(isAlive(stranger.identity)).toBe(true);
  stranger.end();
});

it("a fresh start empties the directory, but never that of a living stack", async () => {
  const living = await takeDataDirectory(directory.path);
  writeFileSync(living.file("secrets.json"), "{}");
  await expect(takeDataDirectory(directory.path, { fresh: true })).rejects.toThrow("already runs");
  expect(existsSync(living.file("secrets.json"))).toBe(true);
  living.release();
  await takeDataDirectory(directory.path, { fresh: true });
  expect(readdirSync(directory.path).toSorted()).toEqual(["supervisor.lock", "supervisor.lock.sqlite"]);
});

it("stack.json names this process, can be read by its owner only, and is removed at the release", async () => {
  const data = await takeDataDirectory(directory.path);
  data.publish(nobody);
  expect(readLivingStack(directory.path)).toEqual({ supervisor: identify(process.pid), ...nobody });
  expect(statSync(data.file("stack.json")).mode & 0o777).toBe(0o600);
  data.release();
  expect(readLivingStack(directory.path)).toBeUndefined();
});

it("a directory that cannot be written is refused in one line that names it", async () => {
  const file = join(directory.path, "a-file");
  writeFileSync(file, "");
  const refused = await takeDataDirectory(join(file, "below")).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StackError);
  expect(String(refused)).toMatch(
    /The data directory \S+a-file\/below cannot be written: ENOTDIR[^\n]*--data\.$/,
  );
});

it("a damaged stack.json does not prevent a start", async () => {
  writeFileSync(join(directory.path, "stack.json"), '{"supervisor":');
  (await takeDataDirectory(directory.path)).release();
});

it("a failed write of stack.json keeps the old file and leaves no draft", async () => {
  const taken = await takeDataDirectory(directory.path);
  taken.publish(nobody);
  symlinkSync("/dev/full", join(directory.path, `stack.json.${process.pid}.tmp`));
  expect(() => taken.publish({ ...nobody, url: "http://127.0.0.1:2" })).toThrow("ENOSPC");
  expect(readLivingStack(directory.path)?.url).toBe(nobody.url);
  expect(readdirSync(directory.path).toSorted()).toEqual([
    "stack.json",
    "supervisor.lock",
    "supervisor.lock.sqlite",
  ]);
  taken.release();
});
