import { spread, type Spread } from "../statistics.ts";
import { ratioOf, SIDES, type MeasuredKind, type MessageUse } from "./measure-messages.ts";
import type { MessageKind } from "./message-scenarios.ts";
import type { MessageResults } from "./message-results.ts";

const NAMES: Record<MessageKind, string> = {
  meterValues: "MeterValues",
  startStop: "StartTransaction and StopTransaction",
  boot: "first connection and BootNotification",
  heartbeat: "Heartbeat",
};

/** The measurements as a markdown table, with what they were taken on and how to take them again. */
export function messageTable(results: MessageResults): string {
  const { cpu, cores, memoryBytes, kernel } = results.machine;
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
  const rows = results.measured.flatMap(rowsOf).map((cells) => `| ${cells.join(" | ")} |`);
  return `\`${results.command}\`, ${results.startedAt.slice(0, 10)}, ${results.mode} mode.
${cores} cores of ${cpu}, ${(memoryBytes / 2 ** 30).toFixed(2)} GiB, kernel ${kernel}; ${versions.join(", ")}.

| message | measured | product | Node server | bare object |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function rowsOf(measured: { kind: MessageKind } & MeasuredKind): string[][] {
  const { kind, stations, rounds } = measured;
  const what = `${NAMES[kind]}, ${stations} ${stations === 1 ? "station" : "stations"}`;
  const ofSides = (name: string, textOf: (use: MessageUse) => string) => [
    what,
    name,
    ...SIDES.map((side) => textOf(measured[side])),
  ];
  const rates = SIDES.map((side) => spread(rounds.map((round) => round[side])).median.toFixed(0));
  const over = [ratioOf(measured, "node"), ratioOf(measured, "bare")].map(ranged);
  return [
    [what, "messages a second", ...rates],
    [what, "rate of the product over it", "", ...over],
    ofSides("processor time, ms", (use) => use.cpuMs?.toFixed(2) ?? "not known"),
    ofSides("written, KB; writes; syncs", ({ disk }) => {
      if (disk === null) return "not counted";
      return `${(disk.bytes / 1000).toFixed(1)}; ${disk.writes.toFixed(1)}; ${disk.syncs.toFixed(1)}`;
    }),
  ];
}

const ranged = ({ median, min, max }: Spread) =>
  `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
