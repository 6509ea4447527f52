import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { identify } from "../../../../dev/stack/process-identity.ts";
import { takeProcessLock } from "../../../../dev/stack/process-lock.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let file: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
  file = join(directory.path, "data.lock");
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(end));
  directory.remove();
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

/** Another process that takes the lock, says "taken" or "refused", and keeps it until it is ended. */
async function starter(): Promise<{ child: ChildProcess; outcome: string; log: () => string }> {
  const module = join(import.meta.dirname, "../../../../dev/stack/process-lock.ts");
  const program = `const { takeProcessLock } = await import(${JSON.stringify(module)});
    try { takeProcessLock(${JSON.stringify(file)}); console.log("taken"); } catch { console.log("refused"); }
    setInterval(() => {}, 60000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  started.push(child);
  let log = "";
  child.stderr.on("data", (chunk) => (log += String(chunk)));
  const [output] = await once(child.stdout, "data");
  return { child, outcome: String(output).trim(), log: () => log };
}

it("refuses a second lock of the same process, naming it, until the first is released", () => {
  const first = takeProcessLock(file);
  expect(() => takeProcessLock(file)).toThrow(`${file} is held by process ${process.pid}`);
  first.release();
  expect(existsSync(file)).toBe(false);
  takeProcessLock(file).release();
});

it("refuses the lock of another process and gives it at once when that process is killed", async () => {
  const { child, outcome, log } = await starter();
  expect(outcome).toBe("taken");
  expect(() => takeProcessLock(file)).toThrow(`held by process ${child.pid}`);
  await end(child);
  takeProcessLock(file).release();
  expect(log()).toBe("");
});

it("keeps the lock of a holder that is stopped by SIGSTOP", async () => {
  const { child } = await starter();
  child.kill("SIGSTOP");
  expect(() => takeProcessLock(file)).toThrow(`held by process ${child.pid}`);
});

it("gives the lock of a killed process to exactly one of many that start at once", async () => {
  await end((await starter()).child);
  const outcomes = await Promise.all(Array.from({ length: 4 }, starter));
  expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual([
    "refused",
    "refused",
    "refused",
    "taken",
  ]);
});

it.each(["", "{", "null", `{"pid":"x"}`, `{"pid":4194305,"started":"1"}`, `{"pid":1,"started":"long ago"}`])(
  "takes a lock whose file says %j, which names no living process",
  (content) => {
    writeFileSync(file, content);
    takeProcessLock(file).release();
  },
);

it("refuses a lock whose file names a living process, as an earlier version writes it", () => {
  const parent = identify(process.ppid);
  writeFileSync(file, JSON.stringify(parent));
  expect(() => takeProcessLock(file)).toThrow(`held by process ${parent.pid}`);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(parent);
});
