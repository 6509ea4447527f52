import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { importBans } from "../../../oxlint.config.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** From a file, one import that its folder must not contain. */
const forbidden: [file: string, specifier: string][] = [
  ...["src/ocpp/v16", "src/simulator", "src/fleet", "src/commands", "src/settings", "src/ports"].flatMap(
    (folder) => {
      const up = folder === "src/ocpp/v16" ? "../.." : "..";
      const rooms = ["api", "store", "cache", "durable"].map((room) => `${up}/${room}/http/context.ts`);
      const modules = [`${up}/env.ts`, `${up}/engine-configuration.ts`, `${up}/wiring.ts`, `${up}/app.ts`];
      const packages = ["hono", "hono/etag", "@hono/zod-openapi", "cloudflare:workers", "node:crypto"];
      const vendors = [
        "@neondatabase/serverless",
        "@upstash/redis/cloudflare",
        "@upstash/ratelimit",
        "@upstash/workflow",
      ];
      const others = ["@upstash/qstash", "@upstash/workflow/hono", `${up}/../workflows/paths.ts`];
      const outside = [`${up}/../dev/stack/main.ts`, `${up}/../test/harness/stack.ts`];
      return [...rooms, ...modules, ...packages, ...vendors, ...others, ...outside].map(
        (specifier): [string, string] => [folder, specifier],
      );
    },
  ),
  ...["src/ocpp", "src/simulator"].flatMap((folder) =>
    ["../ports.ts", "../errors.ts", "../fleet/a.ts", "../commands/a.ts", "../settings/a.ts"].map(
      (specifier): [string, string] => [folder, specifier],
    ),
  ),
  ["src/ocpp", "../simulator/station.ts"],
  ["src/fleet", "../simulator/station.ts"],
  ["src/commands", "../simulator/station.ts"],
  ["src/settings", "../simulator/station.ts"],
  ["src/ports", "../simulator/station.ts"],
  ["src/ports", "../fleet/a.ts"],
  ["src/ports", "../commands/a.ts"],
  ...[
    "@neondatabase/serverless",
    "@upstash/redis",
    "@upstash/workflow",
    "cloudflare:workers",
    "node:buffer",
  ].map((specifier): [string, string] => ["src/api/v1", specifier]),
  ...[
    "store/a.ts",
    "cache/a.ts",
    "durable/a.ts",
    "simulator/a.ts",
    "wiring.ts",
    "../workflows/a.ts",
    "../dev/a.ts",
  ].map((path): [string, string] => ["src/api/gateway", `../../${path}`]),
  ...["store", "cache"].flatMap((room) => {
    const other = room === "store" ? "cache" : "store";
    const rooms = [other, "api", "durable", "fleet", "commands", "settings", "simulator"].map(
      (name) => `../${name}/a.ts`,
    );
    const vendor = room === "store" ? "@upstash/redis" : "@neondatabase/serverless";
    const others = [vendor, "@upstash/qstash", "hono", "cloudflare:workers", "node:fs", "../wiring.ts"];
    return [...rooms, ...others, "../../workflows/a.ts", "../../test/a.ts"].map(
      (specifier): [string, string] => [`src/${room}`, specifier],
    );
  }),
  ...["hono", "@neondatabase/serverless", "@upstash/redis", "@upstash/workflow", "node:fs"].map(
    (specifier): [string, string] => ["src/durable/session", specifier],
  ),
  ...[
    "../api/a.ts",
    "../store/a.ts",
    "../cache/a.ts",
    "../wiring.ts",
    "../../workflows/a.ts",
    "../../dev/a.ts",
  ].map((specifier): [string, string] => ["src/durable", specifier]),
  ...["storage", "line", "outbound", "inbound"].flatMap((folder, at, folders) => {
    const higher = [...folders.slice(at + 1), "door", "settings"].map((name) => `../${name}/a.ts`);
    const rooms = ["api", "store", "cache"].map((name) => `../../../${name}/a.ts`);
    const vendors = ["hono", "@neondatabase/serverless", "@upstash/redis", "@upstash/workflow", "node:fs"];
    const others = ["../../../wiring.ts", "../../../../workflows/a.ts", "../../../../dev/a.ts"];
    return [...higher, ...rooms, ...vendors, ...others].map((specifier): [string, string] => [
      `src/durable/session/${folder}`,
      specifier,
    ]);
  }),
  ...["@neondatabase/serverless", "@upstash/redis", "cloudflare:workers", "node:fs", "../dev/a.ts"].map(
    (specifier): [string, string] => ["workflows", specifier],
  ),
  ...["api/a.ts", "store/a.ts", "cache/a.ts", "durable/a.ts", "simulator/a.ts", "wiring.ts", "app.ts"].map(
    (path): [string, string] => ["workflows", `../src/${path}`],
  ),
  ["src", "node:fs"],
  ["src", "../dev/stack/main.ts"],
  ["src", "../test/harness/stack.ts"],
];

/** Imports the design asks for. */
const allowed: [file: string, specifier: string][] = [
  ["src/ocpp/v16", "../frame.ts"],
  ["src/simulator", "../ocpp/frame.ts"],
  ["src/fleet", "../ports.ts"],
  ["src/ports", "../ocpp/version.ts"],
  ["src/ports", "../settings/desired.ts"],
  ["src/commands", "../ocpp/commands.ts"],
  ["src/api/v1", "../../commands/reset.ts"],
  ["src/api/gateway", "hono"],
  ["src/store", "@neondatabase/serverless"],
  ["src/cache", "@upstash/redis/cloudflare"],
  ["src/durable", "cloudflare:workers"],
  ["src/durable", "../simulator/station.ts"],
  ["src/durable/session/inbound", "../storage/outbox.ts"],
  ["src/durable/session/inbound", "../outbound/command-channel.ts"],
  ["src/durable/session/outbound", "../line/live-socket.ts"],
  ["workflows", "@upstash/workflow/hono"],
  ["workflows", "../src/fleet/sweep.ts"],
  ["src", "./store/chargers.ts"],
];

const report = z.object({
  diagnostics: z.array(
    z.object({ code: z.string(), message: z.string(), help: z.string().optional(), filename: z.string() }),
  ),
});
type Finding = z.infer<typeof report>["diagnostics"][number];

const forms = {
  import: (specifier: string) => `import { a } from "${specifier}";\nexport const b = a;\n`,
  "import type": (specifier: string) => `import type { A } from "${specifier}";\nexport type B = A;\n`,
  "dynamic import": (specifier: string) => `export const a = () => import("${specifier}");\n`,
};

let directory: string;
let findings: Finding[];

const fixture = (kind: string, index: number, folder: string) =>
  `${folder}/${kind}-${index}.ts`.replaceAll(" ", "-");

function writeFixture(path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}

function lint(): Promise<Finding[]> {
  return new Promise((resolve, reject) => {
    const oxlint = join(root, "node_modules", ".bin", "oxlint");
    const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024 };
    execFile(oxlint, ["-f", "json", "."], options, (error, stdout) => {
      const parsed = report.safeParse(stdout === "" ? null : JSON.parse(stdout));
      if (parsed.success) resolve(parsed.data.diagnostics);
      else reject(error ?? parsed.error);
    });
  });
}

const isRefused = (path: string) =>
  findings.some((one) => one.filename.endsWith(path) && one.code.includes("no-restricted-imports"));

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "busbar-lint-"));
  copyFileSync(join(root, "oxlint.config.ts"), join(directory, "oxlint.config.ts"));
  for (const [kind, text] of Object.entries(forms)) {
    forbidden.forEach(([folder, specifier], index) =>
      writeFixture(fixture(kind, index, folder), text(specifier)),
    );
  }
  allowed.forEach(([folder, specifier], index) =>
    writeFixture(fixture("allowed", index, folder), forms.import(specifier)),
  );
  findings = await lint();
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

it.each(Object.keys(forms))("refuses every forbidden specifier in the form of: %s", (kind) => {
  const missed = forbidden.filter(([folder], index) => !isRefused(fixture(kind, index, folder)));
  expect(missed).toEqual([]);
});

it("lets every folder name what the design has it use", () => {
  const refused = allowed.filter(([folder], index) => isRefused(fixture("allowed", index, folder)));
  expect(refused).toEqual([]);
});

it("every ban of every folder has an import that it refuses", () => {
  const inFolder = (path: string, folder: string) => {
    const heads = folder.replace("/**", "/").replace("/*.ts", "/");
    const names = /\{(.*)\}/.exec(heads)?.[1]?.split(",") ?? [""];
    return names.some((name) => path.includes(heads.replace(/\{.*\}/, name)));
  };
  const unproven = Object.entries(importBans).flatMap(([folder, bans]) =>
    bans
      .filter(
        ({ message }) =>
          !findings.some((one) => inFolder(one.filename, folder) && JSON.stringify(one).includes(message)),
      )
      .map(({ message }) => `${folder}: ${message}`),
  );
  expect(unproven).toEqual([]);
});

it("a circle of imports is an error, also where all of them import types alone", async () => {
  const own = mkdtempSync(join(tmpdir(), "busbar-cycle-"));
  const circles = {
    "a.ts": 'import { b } from "./b.ts";\nexport const a = (): unknown => b;\n',
    "b.ts": 'import { a } from "./a.ts";\nexport const b = (): unknown => a;\n',
    "c.ts": 'import type { D } from "./d.ts";\nexport type C = D | 1;\n',
    "d.ts": 'import type { C } from "./c.ts";\nexport type D = C | 2;\n',
    "e.ts": 'import { type F } from "./f.ts";\nexport type E = F | 3;\n',
    "f.ts": 'export type { E } from "./e.ts";\nexport type F = 4;\n',
    "free.ts": 'import type { C } from "./c.ts";\nexport type Free = C;\n',
  };
  copyFileSync(join(root, "oxlint.config.ts"), join(own, "oxlint.config.ts"));
  for (const folder of ["src/durable", "src/api", "dev/engine", "test/chaos", "workflows"]) {
    mkdirSync(join(own, folder), { recursive: true });
    for (const [name, text] of Object.entries(circles)) writeFileSync(join(own, folder, name), text);
  }
  const before = directory;
  directory = own;
  const found = await lint().finally(() => {
    directory = before;
    rmSync(own, { recursive: true, force: true });
  });
  const inCircles = found.filter(({ code }) => code.includes("no-cycle")).map(({ filename }) => filename);
  for (const folder of ["src/durable", "src/api", "dev/engine", "test/chaos", "workflows"])
    for (const pair of ["[ab]", "[cd]", "[ef]"])
      expect(inCircles.filter((path) => new RegExp(`${folder}/${pair}\\.ts$`).test(path))).not.toEqual([]);
  expect(inCircles.filter((path) => path.endsWith("free.ts"))).toEqual([]);
});
