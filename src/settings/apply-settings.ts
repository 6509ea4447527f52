import type { CommandOutcome, Ports, SessionRef, SettingsWork } from "../ports.ts";
import type { ChargerCommand } from "../ocpp/commands.ts";
import type { Application } from "./application.ts";
import { applyInterval } from "./apply-interval.ts";
import { applyProfiles } from "./apply-profiles.ts";
import { isDue, isOpen } from "./due.ts";
import type { SettingName } from "./desired.ts";
import { leaseOf } from "./lease.ts";
import { readReport, reportKeys } from "./reported.ts";

/** Tries per connection of the station. */
export const TRIES_MAX = 5;
const COMMAND_TIMEOUT_MS = 30_000;
/** Time for all commands of one try, so that the step records its results before its deadline. */
const BUDGET_MS = 40_000;

type Needs = Pick<Ports, "settings" | "sessions" | "clock">;

/** Payload of a settings run. */
export interface SettingsRun {
  chargerId: string;
  revision: number;
  /**
   * Generation of the connection that asked for the run; null: an update or the sweeper. A connection checks values
   * that wait for a reboot again.
   */
  generation: number | null;
}

/**
 * Brings the newest desired values to a connected station and records the outcome of each. Values that are in force
 * are not sent again, so it is idempotent. A run for an older revision does nothing.
 *
 * @returns seconds until the next try; null: no further try
 * @throws Unavailable
 */
export async function applySettings(ports: Needs, run: SettingsRun, tries: number): Promise<number | null> {
  const work = await ports.settings.work(run.chargerId);
  if (!work || work.settings.revision > run.revision) return null;
  const { organizationSlug, identity, chargerId } = work;
  const ref = { organizationSlug, identity, chargerId };
  const { revision } = work.settings;
  if (isOpen(work.settings.states))
    await ports.sessions.noteSettings(ref, { revision, settledFor: null, lease: null });
  const snapshot = await ports.sessions.snapshot(ref);
  if (!snapshot?.online || !snapshot.version || snapshot.registrationStatus !== "Accepted") return null;
  const application = newApplication(ports, work, { ...snapshot, version: snapshot.version }, run, tries);
  const wantsRetry = await perform(application);
  const isLeft = isOpen({ ...work.settings.states, ...merged(application) });
  const delaySeconds = wantsRetry && tries + 1 < TRIES_MAX ? Math.min(300, 5 * 4 ** tries) : null;
  if (wantsRetry || isTouched(application))
    await record(ports, application, nextAt(application, wantsRetry, delaySeconds));
  const { version, firmwareVersion } = application.snapshot;
  if (!wantsRetry && !isLeft) {
    const lease = leaseOf(application.memory, version);
    await ports.sessions.noteSettings(ref, { revision, settledFor: { version, firmwareVersion }, lease });
  }
  return delaySeconds;
}

/** When the sweeper starts another run; null: not before the next connection or update. */
function nextAt({ now }: Application, wantsRetry: boolean, delaySeconds: number | null): Date | null {
  if (wantsRetry && delaySeconds === null) return null;
  return new Date(now.getTime() + (delaySeconds ?? 0) * 1000);
}

async function perform(application: Application): Promise<boolean> {
  const { snapshot, memory } = application;
  const due = isDue(application);
  if (!due.interval && !due.profiles) return false;
  const { version } = snapshot;
  const read = await application.send({ kind: "getConfiguration", keys: reportKeys(version) });
  const isReachable =
    read.kind === "answered" || read.kind === "stationError" || read.kind === "invalidAnswer";
  if (!isReachable) return true;
  const report = readReport(read.kind === "answered" ? read.answer : null);
  const waits = due.interval && (await applyInterval(application, report));
  const waitsToo = due.profiles && (await applyProfiles(application, report));
  Object.assign(memory, { version, firmware: snapshot.firmwareVersion });
  return waits || waitsToo;
}

function newApplication(
  ports: Needs,
  work: SettingsWork,
  snapshot: Application["snapshot"],
  run: SettingsRun,
  tries: number,
): Application {
  const ref = { organizationSlug: work.organizationSlug, identity: work.identity, chargerId: work.chargerId };
  const endsAtMs = ports.clock.now().getTime() + BUDGET_MS;
  const application: Application = {
    work,
    settings: work.settings,
    snapshot,
    memory: { ...work.settings.station },
    now: ports.clock.now(),
    isLastTry: tries + 1 >= TRIES_MAX,
    isReconnect: run.generation !== null,
    results: {},
    send: (command) => sendWithin(ports, ref, command, endsAtMs),
    save: () => record(ports, application, application.now),
  };
  return application;
}

/**
 * Sends a command within the remaining time. Without time left the result is a timeout, and the next try continues
 * from what is recorded.
 */
async function sendWithin(
  ports: Needs,
  ref: SessionRef,
  command: ChargerCommand,
  endsAtMs: number,
): Promise<CommandOutcome> {
  const leftMs = endsAtMs - ports.clock.now().getTime();
  if (leftMs <= 0) return { kind: "timeout", sent: false };
  return ports.sessions.command(ref, command, Math.min(COMMAND_TIMEOUT_MS, leftMs));
}

async function record(
  ports: Needs,
  { work, results, memory }: Application,
  nextAt: Date | null,
): Promise<void> {
  await ports.settings.record(work.chargerId, work.settings.revision, results, memory, nextAt);
}

function isTouched({ results, memory, settings }: Application): boolean {
  return Object.keys(results).length > 0 || JSON.stringify(memory) !== JSON.stringify(settings.station);
}

function merged({ results, settings }: Application) {
  const entries = Object.entries(results).map(([name, result]) => [
    name,
    { ...settings.states[name as SettingName], ...result },
  ]);
  return Object.fromEntries(entries);
}
