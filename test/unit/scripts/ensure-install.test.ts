import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { install, isInstalled, isNewEnough } from "../../../scripts/ensure-install.mjs";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";

interface Locked {
  version: string;
  integrity: string;
  optional?: true;
}

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory.path, "node_modules"));
});
afterEach(() => directory.remove());

const wanted: Record<string, Locked> = {
  "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
  "node_modules/b": { version: "2.0.0", integrity: "sha512-b", optional: true },
  "dashboard/node_modules/c": { version: "3.0.0", integrity: "sha512-c" },
};

function write(file: string, packages: object): void {
  writeFileSync(join(directory.path, file), JSON.stringify({ packages }));
}

it("an install that holds what the lockfile names is left alone", () => {
  write("package-lock.json", { "": { name: "busbar" }, ...wanted });
  write("node_modules/.package-lock.json", wanted);
  expect(isInstalled(directory.path)).toBe(true);
});

it("an optional package of another platform may be absent", () => {
  write("package-lock.json", wanted);
  const { "node_modules/b": _absent, ...present } = wanted;
  write("node_modules/.package-lock.json", present);
  expect(isInstalled(directory.path)).toBe(true);
});

it.each([
  ["a missing package", { ...wanted, "node_modules/a": undefined }],
  ["another version", { ...wanted, "node_modules/a": { version: "1.0.1", integrity: "sha512-a" } }],
  [
    "another version in a workspace",
    { ...wanted, "dashboard/node_modules/c": { version: "2.9.9", integrity: "sha512-c" } },
  ],
  ["another content", { ...wanted, "node_modules/a": { version: "1.0.0", integrity: "sha512-x" } }],
  [
    "another version of an optional package",
    { ...wanted, "node_modules/b": { version: "1.9.0", integrity: "sha512-b" } },
  ],
])("%s asks for an install", (_case, present) => {
  write("package-lock.json", wanted);
  write("node_modules/.package-lock.json", present);
  expect(isInstalled(directory.path)).toBe(false);
});

it("an install that was interrupted is repeated", () => {
  write("package-lock.json", wanted);
  expect(isInstalled(directory.path)).toBe(false);
});

it.each([
  ["that succeeds is not repeated", [true], true],
  ["that breaks off is tried once more", [false, true], true],
  ["that fails twice has failed", [false, false], false],
])("an install %s", (_case, outcomes, isDone) => {
  const calls: string[] = [];
  const npm = (args: string[]) => outcomes[calls.push(args.join(" ")) - 1] ?? true;
  expect(install(npm)).toBe(isDone);
  const once = "ci --no-audit --no-fund --loglevel=warn";
  expect(calls).toEqual([once, `${once} --prefer-offline`].slice(0, outcomes.length));
});

it("Node 22.13 is the oldest that will do", () => {
  expect(["v22.13.0", "v22.23.3", "v24.0.0"].map(isNewEnough)).toEqual([true, true, true]);
  expect(["v20.20.2", "v22.12.9", ""].map(isNewEnough)).toEqual([false, false, false]);
});
