import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { install, isNewEnough, missingPackages } from "../../../scripts/ensure-install.mjs";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";

interface Locked {
  version: string;
  integrity: string;
  optional?: true;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  bin?: Record<string, string>;
}

const LINUX = { os: "linux", cpu: "x64", libc: "glibc" };
const MAC = { os: "darwin", cpu: "arm64", libc: undefined };

const wanted: Record<string, Locked> = {
  "node_modules/a": { version: "1.0.0", integrity: "sha512-a", bin: { a: "bin/a.js" } },
  "node_modules/b": { version: "2.0.0", integrity: "sha512-b", optional: true },
  "dashboard/node_modules/c": { version: "3.0.0", integrity: "sha512-c" },
  "node_modules/linux": {
    version: "4.0.0",
    integrity: "sha512-l",
    optional: true,
    os: ["linux"],
    cpu: ["x64"],
    libc: ["glibc"],
    bin: { node: "bin/node" },
  },
};

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory.path, "node_modules"));
  for (const [path, { bin = {} }] of Object.entries(wanted)) {
    for (const name of ["package.json", ...Object.values(bin)]) writeInstalled(join(path, name));
  }
});
afterEach(() => directory.remove());

function writeInstalled(name: string): void {
  const file = join(directory.path, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "");
}

function write(file: string, packages: object): void {
  writeFileSync(join(directory.path, file), JSON.stringify({ packages }));
}

const without = (...paths: string[]) =>
  Object.fromEntries(Object.entries(wanted).filter(([path]) => !paths.includes(path)));

it("an install that holds what the lockfile names is left alone", () => {
  write("package-lock.json", { "": { name: "busbar" }, ...wanted });
  write("node_modules/.package-lock.json", wanted);
  expect(missingPackages(directory.path, LINUX)).toEqual([]);
});

it.each([
  ["another system", MAC],
  ["another processor", { ...LINUX, cpu: "arm64" }],
  ["another C library", { ...LINUX, libc: "musl" }],
])("an optional package for %s may be absent, and one that only such a package needs", (_case, host) => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", without("node_modules/b", "node_modules/linux"));
  expect(missingPackages(directory.path, host)).toEqual([]);
});

it("an optional package for this system must be installed, because the scripts run on it", () => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", without("node_modules/linux"));
  expect(missingPackages(directory.path, LINUX)).toEqual(["node_modules/linux"]);
});

it.each([
  ["the manifest of a package", "node_modules/a/package.json", "node_modules/a"],
  ["an executable of a package", "node_modules/a/bin/a.js", "node_modules/a"],
  ["the Node that comes with the packages", "node_modules/linux/bin/node", "node_modules/linux"],
])("an install asks to be repaired when its record is whole and %s is not there", (_case, file, path) => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", wanted);
  rmSync(join(directory.path, file));
  expect(missingPackages(directory.path, LINUX)).toEqual([path]);
});

const [a, b, c] = ["node_modules/a", "node_modules/b", "dashboard/node_modules/c"] as const;

it.each([
  ["a missing package", a, undefined],
  ["another version", a, { version: "1.0.1", integrity: "sha512-a" }],
  ["another version in a workspace", c, { version: "2.9.9", integrity: "sha512-c" }],
  ["another content", a, { version: "1.0.0", integrity: "sha512-x" }],
  ["another version of an optional package", b, { version: "1.9.0", integrity: "sha512-b" }],
])("%s asks for an install", (_case, path, present) => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", { ...wanted, [path]: present });
  expect(missingPackages(directory.path, LINUX)).toEqual([path]);
});

it("an install that was interrupted is repeated", () => {
  write("package-lock.json", wanted);
  expect(missingPackages(directory.path, LINUX)).toEqual([a, c, "node_modules/linux"]);
});

it.each([
  ["that succeeds is not repeated", [true], true],
  ["that breaks off is tried once more", [false, true], true],
  ["that fails twice has failed", [false, false], false],
])("an install %s", async (_case, outcomes, isDone) => {
  const calls: string[] = [];
  const npm = (args: string[]) => outcomes[calls.push(args.join(" ")) - 1] ?? true;
  expect(await install(npm)).toBe(isDone);
  const once = "ci --include=dev --include=optional --no-audit --no-fund --loglevel=error";
  expect(calls).toEqual([once, `${once} --prefer-offline`].slice(0, outcomes.length));
});

it("Node 22.13 is the oldest accepted version", () => {
  expect(["v22.13.0", "v22.23.3", "v24.0.0"].map(isNewEnough)).toEqual([true, true, true]);
  expect(["v20.20.2", "v22.12.9", ""].map(isNewEnough)).toEqual([false, false, false]);
});
