import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readLivingStack } from "../../dev/stack/data-directory.ts";
import { ended, type Ended } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const root = join(import.meta.dirname, "..", "..");
const DEADLINE_MS = 400_000;
const DEMO_CHARGERS = 100;

const directory = temporaryDirectory();
const clone = join(directory.path, "clone");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** A block of the README that a shell takes, and the answer that is printed below it. */
interface Block {
  commands: string;
  answer: string;
}

function blocksOf(markdown: string): Block[] {
  const fences = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, kind = "", text = ""]) => ({
    kind,
    text,
  }));
  return fences.flatMap(({ kind, text }, index) => {
    const next = fences[index + 1];
    return kind === "sh" ? [{ commands: text, answer: next?.kind === "" ? next.text : "" }] : [];
  });
}

const blocks = blocksOf(readme);
const own = (text: string) => /^npm /m.test(text);

/** What stands in for a terminal on a machine that never saw the project: the system's Node, an empty home. */
let environment: Record<string, string>;
let started: ChildProcess | undefined;

/** The repository as its next clone would be: the last commit, and what is not committed yet. */
function cloneRepository(): void {
  const git = (...args: string[]) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" });
  git("clone", "--quiet", root, clone);
  const changed = git("ls-files", "-z", "--modified", "--others", "--exclude-standard").split("\0");
  for (const name of changed.filter((one) => one !== "")) {
    rmSync(join(clone, name), { force: true });
    if (!existsSync(join(root, name))) continue;
    mkdirSync(dirname(join(clone, name)), { recursive: true });
    cpSync(join(root, name), join(clone, name));
  }
}

beforeAll(() => {
  cloneRepository();
  const bundled = /[\\/]node_modules[\\/]\.bin$/;
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((one) => !bundled.test(one));
  const npm = path.map((one) => join(one, "npm")).find((one) => existsSync(one));
  if (npm === undefined) throw new Error("there is no npm on the path");
  const setting = (name: string) => {
    const env = { ...process.env, PATH: path.join(delimiter) };
    return execFileSync(npm, ["config", "get", name], { encoding: "utf8", env }).trim();
  };
  const home = join(directory.path, "home");
  const bin = join(directory.path, "bin");
  mkdirSync(home);
  mkdirSync(bin);
  // Everything is as the reader types it, but for `npm test`, which would come to this test again.
  writeFileSync(
    join(bin, "npm"),
    `#!/bin/sh\n[ "$1" = test ] && exec echo "npm test: not within itself"\nexec ${JSON.stringify(npm)} "$@"\n`,
  );
  chmodSync(join(bin, "npm"), 0o755);
  environment = {
    PATH: [bin, ...path].join(delimiter),
    HOME: home,
    // What was downloaded once is not downloaded again.
    npm_config_cache: setting("cache"),
    npm_config_registry: setting("registry"),
    npm_config_prefer_offline: "true",
    BUSBAR_PORT: "0",
    BUSBAR_DEMO_CHARGERS: String(DEMO_CHARGERS),
    BUSBAR_TEST_RUN: process.env["BUSBAR_TEST_RUN"] ?? "",
  };
});
afterAll(async () => {
  if (started) await interrupt(started);
  directory.remove();
});

/** A command in the clone, in a process group of its own, as a terminal starts it. */
function run(command: string, ...args: string[]): ChildProcess {
  return spawn(command, args, {
    cwd: clone,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
}

/** Ctrl-C. */
async function interrupt(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, "SIGINT");
  await gone;
}

/** One shell whose output, of both kinds, goes through a pipe to the reader. */
const shell = (text: string): Promise<Ended> =>
  ended(run("bash", "-o", "pipefail", "-c", 'bash -e -c "$0" 2>&1 | cat', text));

/** The same text with everything replaced that differs from run to run. */
const timeless = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "ID")
    .replaceAll("…", "ID")
    .replaceAll(/\d[\d.]*/g, "N")
    .replaceAll("\r", "");

const linesOf = (text: string) =>
  timeless(text)
    .split("\n")
    .filter((line) => line.trim() !== "");

it(
  "the README's commands work in their order, as they are written, on a fresh clone with an empty home",
  async () => {
    expect(blocks.map(({ commands }) => own(commands))).toEqual([true, false, false, false]);

    // A first attempt is given up while npm unpacks.
    const impatient = run("npm", "run", "demo");
    const givenUp = ended(impatient);
    const modules = join(clone, "node_modules");
    await waitFor("packages", () => existsSync(modules) && readdirSync(modules).length > 5, 60_000);
    await interrupt(impatient);
    expect((await givenUp).code).not.toBe(0);

    const [first, ...others] = blocks;
    const demo = await shell(first?.commands ?? "");
    expect(demo).toMatchObject({ code: 0 });
    expect(demo.stdout).not.toMatch(/npm (warn|error)|EBADENGINE/);
    const printed = linesOf(demo.stdout);
    const shown = linesOf(fenceAfter("What the demo prints"));
    expect(printed).toEqual(expect.arrayContaining(shown));

    started = run("npm", "start");
    let greeting = "";
    let log = "";
    started.stdout?.on("data", (chunk) => (greeting += String(chunk)));
    started.stderr?.on("data", (chunk) => (log += String(chunk)));
    await waitFor(
      "the greeting",
      () => greeting.includes("Ctrl-C stops it.") || (started?.exitCode !== null && log),
      90_000,
    );
    const line = /^ *(export URL=(\S+) KEY=(\S+))$/m.exec(greeting);
    expect(line).not.toBeNull();
    const [, pasted = "", , key = ""] = line ?? [];
    const links = [...greeting.matchAll(/http:\/\/\S+\/\S+/g)].map(([link]) => link);
    for (const link of links)
      expect([link, (await fetch(link, { headers: { authorization: `Bearer ${key}` } })).status]).toEqual([
        link,
        200,
      ]);

    const marked = others.map(({ commands }) => `${commands}echo; echo "=== end"`);
    const walked = await shell([pasted, ...marked].join("\n"));
    expect(walked).toMatchObject({ code: 0 });
    const [batch = "", reset = "", schedule = ""] = walked.stdout.split("=== end");
    expect(linesOf(batch)).toEqual(expect.arrayContaining(linesOf(others[0]?.answer ?? "")));
    expect(reset.trim()).toBe(others[1]?.answer.trim());
    expect(timeless(schedule).trim()).toBe(timeless(others[2]?.answer ?? "").trim());

    expect(readLivingStack(join(clone, ".local"))?.parts).toBeDefined();
    await interrupt(started);
    // npm ends by the signal too, whatever its script makes of it: the stack says so itself when it has ended.
    await waitFor("the end of the stack", () => readLivingStack(join(clone, ".local")) === undefined, 30_000);
  },
  DEADLINE_MS,
);

/** The fenced text below a sentence of the README. */
function fenceAfter(sentence: string): string {
  const [, text = ""] = /```\n(.*?)```/s.exec(readme.slice(readme.indexOf(sentence))) ?? [];
  return text;
}
