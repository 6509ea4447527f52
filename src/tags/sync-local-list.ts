import type { CommandAnswer, ChargerCommand } from "../ocpp/commands.ts";
import type {
  CommandOutcome,
  KnownLimits,
  ListedEntries,
  LocalListOutcome,
  LocalListWork,
  Ports,
  SessionSnapshot,
} from "../ports.ts";
import { idTagMax, listedEntries, nextMessage } from "./local-list-message.ts";

/** Tries of one run. */
export const LIST_TRIES_MAX = 5;
const COMMAND_TIMEOUT_MS = 30_000;
/** Time for the commands of one try, so that its step ends before its deadline. */
const BUDGET_MS = 40_000;
/** Entries of a list whose station has reported no limit. */
const ENTRIES_MAX = 5_000;
/** Time after a pause in which the next try of the run is expected. */
const LEASE_MS = 90_000;

type Needs = Pick<Ports, "localLists" | "sessions" | "clock">;
type Settled = Exclude<LocalListOutcome, "pending" | "replaced">;
/** "retry": later, as a try. "more": at once, the time of the step is used up. */
type End = Settled | "retry" | "more";

/** State of one try. */
interface Sync {
  ports: Needs;
  work: LocalListWork;
  snapshot: SessionSnapshot & { version: NonNullable<SessionSnapshot["version"]> };
  isLastTry: boolean;
  endsAtMs: number;
  /** The highest version that was given out or reported. */
  version: number;
  reportedVersion: number | null;
  limits: KnownLimits | null;
  tagVersion: number | null;
}

/**
 * Brings the local list of a managed charger in line with the tags that are valid for it, and records the outcome. What the
 * station confirmed is not sent again, so it is idempotent.
 *
 * @returns seconds until the next try; null: no further try
 * @throws Unavailable
 */
export async function syncLocalList(ports: Needs, chargerId: string, tries: number): Promise<number | null> {
  const work = await ports.localLists.work(chargerId);
  if (!work) return null;
  const { organizationSlug, identity } = work;
  const snapshot = await ports.sessions.snapshot({ organizationSlug, identity, chargerId });
  if (!snapshot?.online || !snapshot.version) return null;
  const sync: Sync = {
    ports,
    work,
    snapshot: { ...snapshot, version: snapshot.version },
    isLastTry: tries + 1 >= LIST_TRIES_MAX,
    endsAtMs: ports.clock.now().getTime() + BUDGET_MS,
    version: work.version,
    reportedVersion: null,
    limits: null,
    tagVersion: null,
  };
  // Its boot makes the list due again.
  if (snapshot.registrationStatus !== "Accepted") return end(sync, "pending");
  const result = await bring(sync);
  if (result !== "retry" && result !== "more") return end(sync, result);
  if (sync.isLastTry && result === "retry") return end(sync, "unanswered");
  const delaySeconds = result === "more" ? 0 : Math.min(300, 5 * 4 ** tries);
  const until = new Date(ports.clock.now().getTime() + delaySeconds * 1000 + LEASE_MS);
  await ports.localLists.postpone(work, until);
  return delaySeconds;
}

async function end(sync: Sync, outcome: LocalListOutcome): Promise<null> {
  const { ports, work, snapshot, reportedVersion, limits, tagVersion } = sync;
  const { generation } = snapshot;
  const { boots, masterPassGroupId } = work;
  const known = { limits, tagVersion, masterPassGroupId, generation, boots };
  await ports.localLists.record(work, { outcome, reportedVersion, ...known }, ports.clock.now());
  return null;
}

/** What the station holds; `held` null: not known. */
interface Examined {
  held: ListedEntries | null;
  limits: KnownLimits;
}

async function bring(sync: Sync): Promise<End> {
  const examined = await examine(sync);
  if (typeof examined === "string") return examined;
  const { version } = sync.snapshot;
  const { ports, work } = sync;
  const room = Math.min(examined.limits.entriesMax ?? ENTRIES_MAX, ENTRIES_MAX);
  const wanted = await ports.localLists.wanted(work, idTagMax(version), room + 1, ports.clock.now());
  sync.tagVersion = wanted.version;
  const isCut = wanted.tags.length > room;
  const entries = listedEntries(wanted.tags.slice(0, room), version);
  return (await send(sync, examined, entries)) ?? (isCut ? "cut" : "applied");
}

/** Sends messages until the station holds the entries; null: it does. */
async function send(
  sync: Sync,
  { held: known, limits }: Examined,
  wanted: ListedEntries,
): Promise<End | null> {
  const { ports, work } = sync;
  let held = known;
  let hasReplaced = held === null;
  for (;;) {
    const message = nextMessage(held, wanted, limits);
    if (!message) return null;
    if (ports.clock.now().getTime() >= sync.endsAtMs) return "more";
    const listVersion = sync.version + 1;
    if (!(await ports.localLists.begin(work, listVersion))) return "retry";
    sync.version = listVersion;
    const { updateType, entries, after } = message;
    const answer = await ask(sync, { kind: "sendLocalList", listVersion, updateType, entries }, "status");
    if (typeof answer === "string") return answer;
    if (answer.ocppStatus === "Accepted") {
      await ports.localLists.confirm(work, listVersion, after);
      held = after;
      sync.reportedVersion = listVersion;
      continue;
    }
    if (answer.ocppStatus === "NotSupported") return "unsupported";
    if (hasReplaced) return "failed";
    // A list that does not take a change is replaced, once.
    hasReplaced = true;
    held = null;
    const refused = await askVersion(sync);
    if (refused) return refused;
  }
}

/**
 * What the station holds and takes: from the last run, or from the station after each connection and boot, and after a list that
 * was not confirmed. A list of another version than was confirmed last is not known.
 */
async function examine(sync: Sync): Promise<Examined | End> {
  const { work, snapshot } = sync;
  const isAsked = work.generation === snapshot.generation && work.checkedBoots === work.boots;
  // A later version was given out and not confirmed: the station may hold that one.
  const isConfirmed = work.listVersion === work.version;
  if (isAsked && isConfirmed && work.list && work.limits?.ocppVersion === snapshot.version) {
    sync.limits = work.limits;
    return { held: work.list, limits: work.limits };
  }
  const refused = await askVersion(sync);
  if (refused) return refused;
  const answer = await ask(sync, { kind: "getLocalListLimits" }, "localListLimits");
  if (typeof answer === "string") return answer;
  const { kind: _kind, ...told } = answer;
  const limits = { ocppVersion: snapshot.version, ...told };
  sync.limits = limits;
  if (limits.isEnabled === false) return "disabled";
  const isOurs = work.listVersion === sync.reportedVersion && work.limits?.ocppVersion === snapshot.version;
  return { held: isOurs ? work.list : null, limits };
}

/** Asks for the version of the list; null: the station said it. */
async function askVersion(sync: Sync): Promise<End | null> {
  const answer = await ask(sync, { kind: "getLocalListVersion" }, "localListVersion");
  if (typeof answer === "string") return answer;
  const { listVersion } = answer;
  // 1.6 §5.10: -1 is the word for "not supported".
  if (!Number.isSafeInteger(listVersion) || listVersion < 0) return "unsupported";
  sync.reportedVersion = listVersion;
  sync.version = Math.max(sync.version, listVersion);
  return null;
}

async function ask<Kind extends CommandAnswer["kind"]>(
  { ports, work, isLastTry, endsAtMs }: Sync,
  command: ChargerCommand,
  kind: Kind,
): Promise<Extract<CommandAnswer, { kind: Kind }> | End> {
  const { organizationSlug, identity, chargerId } = work;
  const leftMs = endsAtMs - ports.clock.now().getTime();
  if (leftMs <= 0) return "more";
  const timeoutMs = Math.min(COMMAND_TIMEOUT_MS, leftMs);
  const outcome = await ports.sessions.command({ organizationSlug, identity, chargerId }, command, timeoutMs);
  if (outcome.kind !== "answered") return endOf(outcome, isLastTry);
  return isAnswer(outcome.answer, kind) ? outcome.answer : "failed";
}

function isAnswer<Kind extends CommandAnswer["kind"]>(
  answer: CommandAnswer,
  kind: Kind,
): answer is Extract<CommandAnswer, { kind: Kind }> {
  return answer.kind === kind;
}

const UNKNOWN_TO_STATION = new Set(["NotImplemented", "NotSupported"]);
/** CALLERROR codes that may be temporary. */
const PASSING = new Set(["InternalError", "GenericError"]);

function endOf(outcome: Exclude<CommandOutcome, { kind: "answered" }>, isLastTry: boolean): End {
  if (outcome.kind === "stationError") {
    const code = outcome.code.trim();
    if (UNKNOWN_TO_STATION.has(code)) return "unsupported";
    return PASSING.has(code) && !isLastTry ? "retry" : "failed";
  }
  return outcome.kind === "invalidCommand" || outcome.kind === "invalidAnswer" ? "failed" : "retry";
}
