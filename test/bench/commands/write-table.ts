import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, tool } from "../../../dev/stack/project.ts";
import { readJson } from "../../../dev/stack/write-json.ts";
import { commandResultsFile, type CommandResults } from "./command-results.ts";
import { commandTable } from "./command-table.ts";

const USAGE = `Usage: node test/bench/commands/write-table.ts [--smoke]

Prints the table of the last full run and writes it into docs/performance.md.
  --smoke  only prints the table of the last smoke run
`;

const BEGIN = "<!-- commands:begin -->";
const END = "<!-- commands:end -->";

const args = process.argv.slice(2);
const isSmoke = args.includes("--smoke");
const results = readJson(commandResultsFile(isSmoke ? "smoke" : "full")) as CommandResults | undefined;
if (args.some((arg) => arg !== "--smoke") || results === undefined) {
  process.stderr.write(results === undefined ? "There is no such run yet.\n" : USAGE);
  process.exit(2);
}

const table = commandTable(results);
process.stdout.write(table);
if (!isSmoke) replaceBetweenMarkers(join(projectRoot, "docs", "performance.md"), table);

function replaceBetweenMarkers(file: string, text: string): void {
  const page = readFileSync(file, "utf8");
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${file} has no markers ${BEGIN} and ${END}`);
  writeFileSync(file, `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n${page.slice(end)}`);
  execFileSync(tool("oxfmt"), [file]);
}
