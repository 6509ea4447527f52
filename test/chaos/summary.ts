import type { ChaosResult } from "./run.ts";

const WIDTH = 80;
const LIST_MAX = 20;

/** The result for people, in lines of 80 characters at most. */
export function summary(result: ChaosResult, directory: string): string {
  const { seed, rounds, seconds, violations, operations, faults, scenes, figures } = result;
  const lines = [
    "",
    `Chaos, seed ${seed}: ${rounds} rounds in ${seconds} s`,
    "",
    ...table("operation", operationRows(operations)),
    "",
    ...pairs("faults met", faults),
    "",
    ...pairs("scenes", scenes),
    "",
    ...pairs("figures", figures),
    "",
    ...violationLines(violations),
    `Evidence: ${directory}`,
    `Again:    npm run chaos -- --seed ${seed}`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}

const COLUMNS = ["done", "refused", "503", "other", "cut"] as const;

function operationRows(operations: ChaosResult["operations"]): [string, number[]][] {
  return Object.entries(operations).map(([name, statuses]) => {
    const counts = [0, 0, 0, 0, 0];
    for (const [status, n] of Object.entries(statuses)) {
      const column = columnOf(Number(status));
      counts[column] = (counts[column] ?? 0) + n;
    }
    return [name, counts];
  });
}

function columnOf(status: number): number {
  if (status === 0) return 4;
  if (status < 400) return 0;
  if (status < 500) return 1;
  return status === 503 ? 2 : 3;
}

function table(title: string, rows: [string, number[]][]): string[] {
  const head = `${title.padEnd(24)}${COLUMNS.map((name) => name.padStart(10)).join("")}`;
  return [
    head,
    ...rows.map(
      ([name, counts]) => `${name.padEnd(24)}${counts.map((n) => String(n).padStart(10)).join("")}`,
    ),
  ];
}

/** Names with numbers, in two columns. */
function pairs(title: string, counts: Record<string, number>): string[] {
  const cells = Object.entries(counts).map(([name, n]) => `${name.padEnd(28)}${String(n).padStart(8)}`);
  const lines = [title];
  for (let index = 0; index < cells.length; index += 2)
    lines.push(`  ${cells[index]}${cells[index + 1] ? `    ${cells[index + 1]}` : ""}`);
  return lines;
}

function violationLines(violations: ChaosResult["violations"]): string[] {
  if (violations.length === 0) return ["No invariant was broken."];
  const shown = violations
    .slice(0, LIST_MAX)
    .flatMap(({ invariant, what }) => wrapped(`${invariant}: ${what}`));
  const more = violations.length - LIST_MAX;
  return [`${violations.length} violations`, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
}

function wrapped(text: string): string[] {
  const room = WIDTH - 4;
  const parts = text.match(new RegExp(`.{1,${room}}`, "g")) ?? [text];
  return parts.map((part, index) => `${index === 0 ? "  " : "    "}${part}`);
}
