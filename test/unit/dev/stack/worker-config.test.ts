import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { text, workerConfig } from "../../../../dev/stack/worker-config.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";

let bundle: ReturnType<typeof temporaryDirectory>;
beforeEach(() => (bundle = temporaryDirectory()));
afterEach(() => bundle.remove());

const configured = () =>
  workerConfig({
    manifest: {
      compatibilityDate: "2026-10-20",
      compatibilityFlags: ["nodejs_compat"],
      assetsBinding: "ASSETS",
      crons: ["* * * * *"],
      durableObjects: [{ binding: "CHARGE_POINT_SESSION", className: "ChargePointSession" }],
    },
    bundleDirectory: bundle.path,
    configDirectory: bundle.path,
    storageDirectory: "/data/objects",
    assetsDirectory: "/data/worker/assets",
    port: 8787,
    schedulerPort: 20_001,
    variables: ["JWT_SECRET"],
  });

it("values of variables come from the environment and are not written to disk", () => {
  expect(configured()).toContain('(name = "JWT_SECRET", fromEnvironment = "JWT_SECRET")');
});

it("objects keep their data on local disk under a name that does not depend on the machine", () => {
  const config = configured();
  expect(config).toContain(
    '(className = "ChargePointSession", uniqueKey = "busbar-ChargePointSession", enableSql = true)',
  );
  expect(config).toContain('durableObjectStorage = (localDisk = "objects")');
});

it("the files come from disk under the name of the hosted binding, and cannot be written", () => {
  expect(configured()).toContain('(name = "ASSETS", service = "assets")');
  expect(configured()).toContain('(name = "assets", disk = (path = "/data/worker/assets")),');
});

it("both sockets listen on loopback only", () => {
  expect([...configured().matchAll(/address = "([^"]+)"/g)].map((match) => match[1])).toEqual([
    "127.0.0.1:8787",
    "127.0.0.1:20001",
  ]);
});

it("the entry module comes first, and files that are no modules are left out", () => {
  for (const name of ["a.wasm", "b.txt", "index.js", "index.js.map", "README.md"]) {
    writeFileSync(join(bundle.path, name), "");
  }
  const modules = [...configured().matchAll(/\(name = "([^"]+)", (\w+) = embed/g)].map((match) =>
    match.slice(1),
  );
  expect(modules).toEqual([
    ["index.js", "esModule"],
    ["a.wasm", "wasm"],
    ["b.txt", "text"],
  ]);
});

it("text is escaped byte by byte", () => {
  expect(text('a"b\\c\né')).toBe(String.raw`"a\x22b\x5cc\x0a\xc3\xa9"`);
});
