import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, tool } from "../../dev/stack/project.ts";
import { readJson } from "../../dev/stack/write-json.ts";

export interface TableSource<Results> {
  /** Command line without flags. */
  command: string;
  /** Name of the markers in docs/performance.md. */
  section: string;
  file(mode: "smoke" | "full"): string;
  table(results: Results): string;
}

/** Prints the table of the last full run and writes it into docs/performance.md; with `--smoke` prints the last smoke run's. */
export function publishTable<Results>({ command, section, file, table }: TableSource<Results>): void {
  const args = process.argv.slice(2);
  const isSmoke = args.includes("--smoke");
  const results = readJson(file(isSmoke ? "smoke" : "full")) as Results | undefined;
  if (args.some((arg) => arg !== "--smoke") || results === undefined) {
    process.stderr.write(results === undefined ? "There is no such run yet.\n" : usage(command));
    process.exit(2);
  }
  const text = table(results);
  process.stdout.write(text);
  if (!isSmoke) replaceSection(join(projectRoot, "docs", "performance.md"), section, text);
}

function usage(command: string): string {
  return `Usage: ${command} [--smoke]

Prints the table of the last full run and writes it into docs/performance.md.
  --smoke  only prints the table of the last smoke run
`;
}

function replaceSection(page: string, section: string, text: string): void {
  const [begin, end] = [`<!-- ${section}:begin -->`, `<!-- ${section}:end -->`];
  const old = readFileSync(page, "utf8");
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${page} has no markers ${begin} and ${end}`);
  writeFileSync(page, `${old.slice(0, from + begin.length)}\n\n${text}\n${old.slice(to)}`);
  execFileSync(tool("oxfmt"), [page]);
}
