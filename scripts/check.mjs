/**
 * All static checks: format, lint with import rules, unused code, types, OpenAPI document and client up to date, dry-run
 * deploy. They need no database, take seconds and run in parallel. The output of a check is shown only when it fails.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./run-commands.mjs";

const outdir = mkdtempSync(join(tmpdir(), "busbar-check-"));

const client = ["run", "--silent", "generate", "--workspace", "dashboard", "--", "--check"];

const checks = [
  ["format", "oxfmt", ["--check", "."]],
  ["lint", "oxlint", ["--deny-warnings", "."]],
  ["no unused file, export or dependency", "knip", ["--no-progress"]],
  ["types of src and workflows", "tsc", ["-p", "tsconfig.json"]],
  ["types of dev, scripts and tests", "tsc", ["-p", "tsconfig.node.json"]],
  ["types of the dashboard", join("dashboard", "node_modules", ".bin", "tsc"), ["-p", "dashboard"]],
  ["types of the Workers tests", "tsc", ["-p", "tsconfig.workers.json"]],
  ["openapi.json is current", "node", ["dev/openapi/write-openapi.ts", "--check"]],
  ["the generated client is current", "npm", client],
  ["dry-run deploy", "wrangler", ["deploy", "--dry-run", "--outdir", outdir]],
];

async function runCheck([title, command, args]) {
  const { code, output, seconds } = await runCommand(command, args, { capture: true });
  const mark = code === 0 ? "ok    " : "FAILED";
  process.stdout.write(`${mark} ${title} (${seconds.toFixed(1)} s)\n`);
  if (code !== 0) process.stdout.write(`${output.trim().replace(/^/gm, "    ")}\n`);
  return code === 0;
}

const results = await Promise.all(checks.map(runCheck));
rmSync(outdir, { recursive: true, force: true });
process.exit(results.every(Boolean) ? 0 : 1);
