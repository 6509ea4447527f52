import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const result = z.object({
  seed: z.number(),
  rounds: z.number(),
  seconds: z.number(),
  violations: z.array(z.unknown()),
  faults: z.record(z.string(), z.number()),
  scenes: z.record(z.string(), z.number()),
  figures: z.record(z.string(), z.number()),
});
type Result = z.infer<typeof result>;

const sum = (counts: Record<string, number>, isWanted: (name: string) => boolean = () => true) =>
  Object.entries(counts).reduce((total, [name, n]) => total + (isWanted(name) ? n : 0), 0);

const COLUMNS: [title: string, cell: (one: Result) => number][] = [
  ["seed", ({ seed }) => seed],
  ["rounds", ({ rounds }) => rounds],
  ["requests", ({ figures }) => figures["requests"] ?? 0],
  ["503", ({ figures }) => figures["unavailable"] ?? 0],
  ["cut off", ({ figures }) => figures["cut"] ?? 0],
  ["faults met", ({ faults }) => sum(faults)],
  ["kills", ({ scenes }) => sum(scenes, (name) => /killed|emptied/.test(name))],
  ["stops", ({ scenes }) => sum(scenes, (name) => name.endsWith("stopped"))],
  ["chargers", ({ figures }) => figures["chargers"] ?? 0],
  ["transactions", ({ figures }) => figures["transactions"] ?? 0],
  ["reconnects", ({ figures }) => (figures["connections"] ?? 0) - (figures["stations"] ?? 0)],
  ["repeats", ({ figures }) => figures["repeats"] ?? 0],
  ["slowest quiet, s", ({ figures }) => figures["slowestQuietSeconds"] ?? 0],
  ["violations", ({ violations }) => violations.length],
];

/** The table of docs/reliability.md from the evidence of runs: `node test/chaos/figures.ts DIR...` */
function table(directories: readonly string[]): string {
  const results = directories
    .map((directory) => result.parse(JSON.parse(readFileSync(join(directory, "result.json"), "utf8"))))
    .toSorted((a, b) => a.seed - b.seed);
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const kinds: Record<string, number> = {};
  for (const { faults } of results)
    for (const [name, n] of Object.entries(faults)) kinds[name] = (kinds[name] ?? 0) + n;
  const total = COLUMNS.map(([title, cell], index) => {
    if (index === 0) return "all";
    const values = results.map(cell);
    return title.startsWith("slowest") ? Math.max(...values) : values.reduce((a, b) => a + b, 0);
  });
  return [
    line(COLUMNS.map(([title]) => title)),
    line(COLUMNS.map(() => "---:")),
    ...results.map((one) => line(COLUMNS.map(([, cell]) => cell(one)))),
    line(total),
    "",
    `Faults by way and kind: ${Object.entries(kinds)
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, n]) => `${name} ${n}`)
      .join(", ")}.`,
    "",
  ].join("\n");
}

process.stdout.write(table(process.argv.slice(2)));
