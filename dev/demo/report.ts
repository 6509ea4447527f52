import type { ChargedCars } from "./charge-cars.ts";
import type { CommandTimes } from "./time-commands.ts";
import type { ProvisionedFleet } from "./provision-fleet.ts";

/** What `--json` prints. Times are wall time of one run on this machine. */
export interface DemoReport {
  chargers: number;
  ready: number;
  failed: number;
  accept_ms: number;
  ready_seconds: number;
  chargers_per_second: number;
  /** Of all sessions that ended. Null for external chargers, of which none is connected. */
  energy_kwh: number | null;
  /** Null for external chargers. */
  command_p50_ms: number | null;
  peak_rss_mb: number;
  url: string;
  job_id: string;
}

/** What the demo has done. Null: nothing, with external chargers. */
interface DemoResults {
  fleet: ProvisionedFleet;
  charged: ChargedCars | null;
  commands: CommandTimes | null;
}

const round = (value: number, decimals: number) => Number(value.toFixed(decimals));

export function demoReport(
  chargers: number,
  { fleet, charged, commands }: DemoResults,
  peakBytes: number,
  url: string,
): DemoReport {
  const ready = fleet.identities.length;
  const p50Ms = commands?.p50Ms ?? null;
  return {
    chargers,
    ready,
    failed: fleet.failed,
    accept_ms: round(fleet.acceptMs, 1),
    ready_seconds: round(fleet.readySeconds, 2),
    chargers_per_second: round(ready / fleet.readySeconds, 1),
    energy_kwh: charged === null ? null : round(charged.energyKwh, 3),
    command_p50_ms: p50Ms === null ? null : round(p50Ms, 2),
    peak_rss_mb: round(peakBytes / 2 ** 20, 0),
    url,
    job_id: fleet.jobId,
  };
}

function chargingLine({ seconds, sent, sessions, energyKwh }: ChargedCars): string {
  return `${sessions} of ${sent} sessions of ${seconds} s, ${energyKwh.toFixed(2)} kWh delivered`;
}

function commandLine(commands: CommandTimes | null): string {
  if (commands === null) return "none sent: no external charger is connected yet";
  if (commands.p50Ms === null)
    return `none of ${commands.sent} resets was answered (${commands.firstFailure ?? ""})`;
  return `${commands.answered} of ${commands.sent} resets answered, half of them within ${commands.p50Ms.toFixed(1)} ms`;
}

/** The report as text for the user. */
export function summary(report: DemoReport, { fleet, charged, commands }: DemoResults): string {
  const lines = [
    `${report.ready} of ${report.chargers} chargers READY` +
      (report.failed > 0 ? `, ${report.failed} FAILED` : ""),
    ...(fleet.firstFailure ? [`  first failure  ${fleet.firstFailure}`] : []),
    `  accepted       202 after ${report.accept_ms} ms`,
    `  provisioned    in ${report.ready_seconds} s, ${report.chargers_per_second} chargers/s`,
    ...(charged ? [`  charging       ${chargingLine(charged)}`] : []),
    `  commands       ${commandLine(commands)}`,
    `  memory         ${report.peak_rss_mb} MB at the peak, all processes together`,
  ];
  return `\n${lines.join("\n")}\n`;
}

export interface Next {
  url: string;
  apiKey: string;
  /** Path of the job. */
  statusUrl: string;
  data: string;
  isKept: boolean;
  /** Names of the variables that decided where this run keeps its data. Their values may hold passwords. */
  variables: readonly string[];
}

/** The commands that show the same fleet again, in lines of at most 80 columns. */
export function nextCommands({ url, apiKey, statusUrl, data, isKept, variables }: Next): string {
  const job = jobCommands(url, apiKey, statusUrl);
  if (isKept) return `\nThe stack keeps running at ${url} until Ctrl-C. The job again:\n${job}\n`;
  const values = variables.map((name) => `  ${name}=… \\\n`).join("");
  const again =
    values === ""
      ? "The same fleet again:"
      : "The same fleet again, with the values of this run for the dots:";
  const start = `${values}  npm start -- --data ${data} --port ${new URL(url).port}`;
  return `\n${again}\n${start}\nthen, for instance:\n${job}\n`;
}

/** Asks for the job. The key and the ids are too long for one line. */
function jobCommands(url: string, apiKey: string, statusUrl: string): string {
  const [, location = "", job = ""] =
    /^\/ocpp\/locations\/([^/]+)\/chargers\/jobs\/([^/]+)$/.exec(statusUrl) ?? [];
  return [
    `  KEY=${apiKey}`,
    `  LOCATION=${location}`,
    `  JOB=${job}`,
    `  curl -H "Authorization: Bearer $KEY" \\`,
    `    ${url}/ocpp/locations/$LOCATION/chargers/jobs/$JOB`,
  ].join("\n");
}
