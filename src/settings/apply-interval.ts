import type { Application } from "./application.ts";
import { REBOOTS_MAX } from "./due.ts";
import { APPLIED, verdictOf, type Verdict } from "./outcome.ts";
import { ALIGNED_KEY, INTERVAL_KEY, readReport, type StationReport } from "./reported.ts";
import { resultOf } from "./result.ts";

interface Entry {
  key: string;
  value: string;
}

/**
 * Applies the meter value interval. A value that the station already reports is not written, because some stations
 * reboot after every write. Returns true if another try is needed.
 */
export async function applyInterval(application: Application, report: StationReport): Promise<boolean> {
  const interval = application.settings.desired.meterValueInterval;
  if (interval === undefined) return false;
  const entries = await entriesOf(application, interval, report);
  const verdict = entries.length === 0 ? APPLIED : await write(application, entries);
  if (verdict.outcome === "retry") {
    note(application, { outcome: "retry", detail: verdict.detail }, null);
    return true;
  }
  const reported = entries.length === 0 ? interval : await readBack(application, verdict);
  const isRefuted = verdict.outcome === "applied" && reported !== null && reported !== interval;
  note(
    application,
    isRefuted ? { outcome: "rejected", detail: "The station kept another interval" } : verdict,
    reported,
  );
  return false;
}

/**
 * Configuration keys to write. An interval of 0 switches clock-aligned data off as well; their interval is stored
 * first and restored later.
 */
async function entriesOf(
  application: Application,
  interval: number,
  report: StationReport,
): Promise<Entry[]> {
  const { memory } = application;
  const own = report.intervalSeconds === interval ? [] : [{ key: INTERVAL_KEY, value: String(interval) }];
  const aligned = report.alignedSeconds;
  if (interval === 0) {
    if (aligned === 0) return own;
    if (aligned !== null && memory.alignedSecondsBefore === undefined) {
      memory.alignedSecondsBefore = aligned;
      await application.save();
    }
    return [...own, { key: ALIGNED_KEY, value: "0" }];
  }
  const before = memory.alignedSecondsBefore;
  if (before === undefined) return own;
  return aligned === 0 ? [...own, { key: ALIGNED_KEY, value: String(before) }] : own;
}

async function write(application: Application, entries: Entry[]): Promise<Verdict> {
  const outcome = await application.send({ kind: "changeConfigurations", entries });
  if (outcome.kind !== "answered" || outcome.answer.kind !== "configurationChanges")
    return verdictOf(outcome, application.isLastTry);
  const { memory, settings } = application;
  const results = outcome.answer.results.map((result) =>
    verdictOf({ ...outcome, answer: { ...result, kind: "configurationChange" } }, application.isLastTry),
  );
  if (settings.desired.meterValueInterval !== 0) delete memory.alignedSecondsBefore;
  // A station without clock-aligned data needs no second key.
  const [own, aligned] = entries[0]?.key === INTERVAL_KEY ? results : [APPLIED, results[0]];
  if (!own || own.outcome !== "applied" || !aligned || aligned.outcome === "unsupported")
    return own ?? APPLIED;
  return aligned;
}

async function readBack(application: Application, verdict: Verdict): Promise<number | null> {
  if (verdict.outcome !== "applied") return null;
  const read = await application.send({ kind: "getConfiguration", keys: [INTERVAL_KEY] });
  return read.kind === "answered" ? readReport(read.answer).intervalSeconds : null;
}

function note(application: Application, verdict: Verdict, reported: number | null): void {
  const state = application.settings.states.meterValueInterval;
  const wasWaiting = state?.outcome === "reboot_required";
  const reboots = (state?.reboots ?? 0) + (wasWaiting && verdict.outcome === "reboot_required" ? 1 : 0);
  const isGivenUp = reboots >= REBOOTS_MAX;
  application.results.meterValueInterval = resultOf(application, "meterValueInterval", {
    outcome: verdict.outcome === "retry" ? "pending" : verdict.outcome,
    detail: isGivenUp ? "The station did not keep the value over three reboots" : verdict.detail,
    reported,
    verified: verdict.outcome === "applied" && reported !== null,
    reboots: verdict.outcome === "reboot_required" ? reboots : 0,
  });
}
