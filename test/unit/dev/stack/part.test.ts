import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";
import { announcesUrl } from "../../../../dev/stack/announcements.ts";
import { Part, type PartSpec } from "../../../../dev/stack/part.ts";
import { isAlive, type ProcessIdentity } from "../../../../dev/stack/process-identity.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";
import { waitFor } from "../../../harness/wait-for.ts";

const started: Part[] = [];
afterEach(() => Promise.all(started.splice(0).map((part) => part.stop())));

function fakePart(args: string[], overrides: Partial<PartSpec> = {}) {
  const seen = { processes: [] as ProcessIdentity[], lines: [] as string[], notes: [] as string[] };
  let giveUp: (error: Error) => void = () => {};
  const gaveUp = new Promise<Error>((resolve) => (giveUp = resolve));
  const spec: PartSpec = {
    name: "fake",
    command: process.execPath,
    args: [join(import.meta.dirname, "fake-part.ts"), ...args],
    env: { PATH: process.env["PATH"] ?? "" },
    announcement: announcesUrl,
    stopPatienceMs: 5_000,
    ...overrides,
  };
  const part = new Part(spec, {
    spawned: (_name, identity) => seen.processes.push(identity),
    line: (_name, text) => seen.lines.push(text),
    note: (text) => seen.notes.push(text),
    gaveUp: giveUp,
  });
  started.push(part);
  return { part, seen, gaveUp };
}

const newest = (processes: ProcessIdentity[]) => processes.at(-1) ?? { pid: 0, started: "" };

it("a part counts as started once it has announced its address", async () => {
  const { part, seen } = fakePart(["serve"]);
  await part.start();
  expect(seen.processes.map(isAlive)).toEqual([true]);
});

it("a part that cannot start is reported with its last lines and leaves no process", async () => {
  const { part, seen } = fakePart(["refuse"]);
  await expect(part.start()).rejects.toThrow(
    "fake could not start: exit code 1\n    first line\n    the reason it cannot start",
  );
  expect(seen.processes.map(isAlive)).toEqual([false]);
});

it("a command that does not exist is reported by name", async () => {
  const { part } = fakePart([], { command: "/nowhere/to/be/found" });
  await expect(part.start()).rejects.toThrow("/nowhere/to/be/found");
});

it("a part whose announcement makes no sense is ended", async () => {
  const { part, seen } = fakePart(["nonsense"]);
  await expect(part.start()).rejects.toThrow("its announcement was not understood");
  expect(seen.processes.map(isAlive)).toEqual([false]);
});

it("a killed part is restarted and its death is reported", async () => {
  const { part, seen } = fakePart(["serve"]);
  await part.start();
  process.kill(newest(seen.processes).pid, "SIGKILL");
  await waitFor("the part to come back", () => seen.notes.includes("fake is back"));
  expect(seen.processes.map(isAlive)).toEqual([false, true]);
  expect(seen.notes[0]).toBe("fake: ended by SIGKILL; starting it again in 100 ms");
});

it("a part that dies five times within a minute is given up with its last lines", async () => {
  const { part, seen, gaveUp } = fakePart(["brief"]);
  await part.start().catch(() => {});
  const error = await gaveUp;
  expect(error.message).toContain("for the 5th time within a minute; giving up\n    about to die");
  expect(seen.processes).toHaveLength(5);
  expect(seen.processes.some(isAlive)).toBe(false);
});

it("a restart that fails counts as a death", async () => {
  const directory = temporaryDirectory();
  const { part, seen, gaveUp } = fakePart(["once", join(directory.path, "marker")]);
  await part.start();
  process.kill(newest(seen.processes).pid, "SIGKILL");
  expect((await gaveUp).message).toContain("the reason it cannot start");
  expect(seen.processes).toHaveLength(5);
  directory.remove();
});

it("a stopped part is not restarted", async () => {
  const { part, seen } = fakePart(["serve"]);
  await part.start();
  process.kill(newest(seen.processes).pid, "SIGKILL");
  await waitFor("the death to be noticed", () => seen.notes.length > 0);
  await part.stop();
  expect(seen.processes.map(isAlive)).toEqual([false]);
});

it("a part that ignores SIGTERM is ended by force", async () => {
  const { part, seen } = fakePart(["stubborn"], { stopPatienceMs: 50 });
  await part.start();
  await part.stop();
  expect(seen.processes.map(isAlive)).toEqual([false]);
});

it("a part that is stopped before it is ready leaves no process", async () => {
  const { part, seen } = fakePart(["silent"]);
  const starting = part.start();
  starting.catch(() => {});
  await waitFor("the process", () => seen.processes.length === 1);
  await part.stop();
  await expect(starting).rejects.toThrow("ended by SIGTERM");
  expect(seen.processes.map(isAlive)).toEqual([false]);
});

it("a part that cannot start on a full disk is restarted until there is space", async () => {
  const directory = temporaryDirectory();
  const full = join(directory.path, "full");
  const { part, seen, gaveUp } = fakePart(["full", full]);
  await part.start();
  writeFileSync(full, "");
  process.kill(newest(seen.processes).pid, "SIGKILL");
  const failures = () => seen.notes.filter((note) => note.includes("could not start again")).length;
  const outcome = await Promise.race([gaveUp, waitFor("its fifth failure", () => failures() >= 5, 15_000)]);
  expect(outcome).toBe(true);
  rmSync(full);
  await waitFor("its return", () => seen.notes.includes("fake is back"));
  directory.remove();
});

it("a part that does not watch its parent ends when its supervisor is killed", async () => {
  const module = join(import.meta.dirname, "../../../../dev/stack");
  const program = `
    const { Part } = await import(${JSON.stringify(join(module, "part.ts"))});
    const { announcesUrl } = await import(${JSON.stringify(join(module, "announcements.ts"))});
    const part = new Part(
      {
        name: "fake",
        command: process.execPath,
        args: [${JSON.stringify(join(import.meta.dirname, "fake-part.ts"))}, "stubborn"],
        env: process.env,
        announcement: announcesUrl,
        isLeashed: true,
        stopPatienceMs: 1,
      },
      { spawned: (_name, identity) => console.log(JSON.stringify(identity)), line() {}, note() {}, gaveUp() {} },
    );
    await part.start();
    console.log("started");`;
  const supervisor = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: supervisor.stdout })[Symbol.asyncIterator]();
  const identity: ProcessIdentity = JSON.parse((await lines.next()).value ?? "");
  expect((await lines.next()).value).toBe("started");
  expect(isAlive(identity)).toBe(true);
  supervisor.kill("SIGKILL");
  await waitFor("the end of the part", () => !isAlive(identity));
});

it("a leashed part is stopped, and started again after its death, as any other", async () => {
  const { part, seen } = fakePart(["serve"], { isLeashed: true });
  await part.start();
  process.kill(newest(seen.processes).pid, "SIGKILL");
  await waitFor("its return", () => seen.notes.includes("fake is back"));
  expect(seen.notes[0]).toContain("fake: ended by SIGKILL; starting it again");
  await part.stop();
  expect(seen.processes.map(isAlive)).toEqual([false, false]);
});

it("endNow kills a part without waiting", async () => {
  const { part, seen } = fakePart(["stubborn"]);
  await part.start();
  part.endNow();
  await waitFor("its end", () => !isAlive(newest(seen.processes)));
});
