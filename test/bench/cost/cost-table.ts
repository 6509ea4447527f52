import type { CostResults, EventCost, VersionCost } from "./cost-results.ts";
import type { CostRun } from "./cost-run.ts";
import type { Month } from "./price-model.ts";

const EVENTS = {
  connect: "connect",
  boot_notification: "BootNotification",
  heartbeat_first_15_minutes: "Heartbeat, first 15 minutes",
  heartbeat: "Heartbeat, later",
  liveness_alarm: "alarm of an idle charger",
  status_notification: "StatusNotification",
  authorize: "Authorize",
  start: "StartTransaction, TransactionEvent Started",
  meter_values: "MeterValues, TransactionEvent Updated",
  charging_alarm: "alarm of a charging charger",
  stop: "StopTransaction, TransactionEvent Ended",
  command: "command",
  disconnect: "end of the connection",
  dropped_frame: "dropping one old frame",
} satisfies Partial<Record<keyof VersionCost, string>>;

type Row = [what: string, ...cells: string[]];
type Look = (results: CostResults) => string;

/** Markdown: what each event uses and what a month costs. Runs stand side by side, with an arrow between. */
export function costTable(runs: readonly CostRun[]): string {
  return `${runs.map(circumstances).join("\n")}

${markdown(["event", "rows", "alarms set", "timers", "of them waited for, ms", "SQL", "awake ms"], eventRows(runs))}

${markdown(["a month of one charger", "charging a tenth of the time", "idle"], monthRows(runs))}
`;
}

function circumstances({ label, commit, startedAt, machine }: CostRun): string {
  return `- ${label}: commit ${commit}, ${startedAt.slice(0, 10)}, ${machine}`;
}

function eventRows(runs: readonly CostRun[]): Row[] {
  return Object.entries(EVENTS).map(([name, text]) => {
    const event = name as keyof typeof EVENTS;
    const pair = (of: (cost: EventCost) => string) => sideBySide(runs, (results) => both(results, event, of));
    return [
      text,
      pair(({ rows }) => brief(rows)),
      pair(({ alarms }) => brief(alarms)),
      pair(({ timers }) => brief(timers)),
      pair(({ waited_ms }) => waited_ms.join(", ") || "none"),
      pair(({ sql }) => brief(sql)),
      pair(({ awake_ms }) => brief(awake_ms, 0)),
    ];
  });
}

/** The figures of OCPP 1.6 and 2.0.1, or one where they are the same. Nothing was measured of what never happened. */
function both(results: CostResults, event: keyof typeof EVENTS, of: (cost: EventCost) => string): string {
  const costs = Object.values(results.by_version).map((cost) => cost[event]);
  const texts = costs.map((cost) => (cost.samples === 0 ? "never" : of(cost)));
  return [...new Set(texts)].join(" / ");
}

/** Means of both versions; of the price each version too. */
function monthRows(runs: readonly CostRun[]): Row[] {
  const row = (text: string, of: (month: Month) => string): Row => [
    text,
    sideBySide(runs, ({ month }) => of(month)),
    sideBySide(runs, ({ month_idle }) => of(month_idle)),
  ];
  const price = (results: CostResults, name: "month" | "month_idle") => {
    const versions = Object.values(results.by_version).map((cost) => cost[name].usd.toFixed(4));
    return `${results[name].usd.toFixed(4)} (${versions.join(" / ")})`;
  };
  return [
    [
      "Durable Objects, $",
      sideBySide(runs, (results) => price(results, "month")),
      sideBySide(runs, (results) => price(results, "month_idle")),
    ],
    row("rows", ({ rows }) => brief(rows, 0)),
    row("seconds awake", ({ awake_s }) => brief(awake_s, 0)),
    row("requests", ({ requests }) => brief(requests, 0)),
    row("SQL statements", ({ sql }) => brief(sql, 0)),
    row("stored, MB", ({ storage_mb }) => brief(storage_mb, 2)),
  ];
}

const sideBySide = (runs: readonly CostRun[], look: Look) =>
  runs.map(({ results }) => look(results)).join(" → ");

function brief(value: number, digits = 2): string {
  if (value > 0 && value < 10 ** -digits) return `< ${10 ** -digits}`;
  return Number(value.toFixed(digits)).toLocaleString("en");
}

function markdown(heads: readonly string[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}
