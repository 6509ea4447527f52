import { changesAreSent, listVersionsGrow, managedListsAreTrue } from "./audit-lists.ts";
import { reservationsAreTrue } from "./audit-reservations.ts";
import { commandsHaveEffect } from "./audit-simulated.ts";
import { startsAreOnce, stopsEnd, totalsAreTrue } from "./audit-starts.ts";
import {
  commandsEndOnce,
  confirmedIsKept,
  nobodyIsRefused,
  oneCallAtATime,
  rightKeysOpen,
} from "./audit-stations.ts";
import { noTagIsLeft, registryIsTrue } from "./audit-tags.ts";
import { changeProblems } from "./change-problems.ts";
import type { DatabaseRows } from "./database-rows.ts";
import type { Evidence, Rule } from "./evidence.ts";
import { groupBy } from "./group-by.ts";
import type { Change, Creation } from "./ledger.ts";

/** A violation of an invariant (docs/reliability.md). */
export interface Violation {
  invariant: string;
  what: string;
}

const TERMINAL = new Set(["READY", "FAILED"]);

/** Compares answers to clients, memories of stations, Postgres, session objects and the engine. */
export function audit(evidence: Evidence): Violation[] {
  const found = RULES.flatMap(([invariant, rule]) => rule(evidence).map((what) => ({ invariant, what })));
  return [...found, ...evidence.ledger.oddities];
}

/** I1: every item ends once, the numbers add up, a job is over when all its items are. */
const everyItemEnds: Rule = ({ database, jobs, ledger }) => {
  const found: string[] = [];
  const items = groupBy(database.chargers, ({ job_id }) => job_id ?? "");
  const rejected = groupBy(database.rejections, ({ job_id }) => job_id);
  for (const job of database.jobs) {
    const rows = items.get(job.id) ?? [];
    const open = rows.filter(({ status }) => !TERMINAL.has(status));
    const count = rows.length + (rejected.get(job.id)?.length ?? 0);
    if (count !== job.total) found.push(`job ${job.id} has ${count} items of ${job.total}`);
    if (TERMINAL.has(job.status) !== (open.length === 0))
      found.push(`job ${job.id} is ${job.status} with ${open.length} items open`);
    const shown = jobs.get(job.id);
    if (!shown) continue;
    if (shown.created + shown.failed + shown.pending !== shown.total || shown.total !== job.total)
      found.push(`job ${job.id} shows ${JSON.stringify(shown)}, and has ${job.total} items`);
    const created = rows.filter(({ status }) => status === "READY").length;
    if (shown.created !== created) found.push(`job ${job.id} shows ${shown.created} created of ${created}`);
  }
  for (const poll of ledger.polls) {
    if (poll.created + poll.failed + poll.pending !== poll.total)
      found.push(`a poll of ${poll.jobId} does not add up: ${JSON.stringify(poll)}`);
    // The job is closed by a statement of its own behind that of its last item.
    if (TERMINAL.has(poll.status) && poll.pending > 0)
      found.push(`a poll of ${poll.jobId} shows ${poll.status} with ${poll.pending} pending`);
  }
  return found;
};

/** I2: one session object per charger. */
const oneEffectEach: Rule = ({ sessions }) =>
  [...groupBy(sessions, ({ chargerId }) => chargerId)].flatMap(([id, objects]) =>
    objects.length > 1 ? [`charger ${id} has ${objects.length} session objects`] : [],
  );

/**
 * I3: a READY charger has its session, or a prepared session. A registration that was answered as maybe stored, or
 * not at all, has none until its key is rotated.
 */
const noSuccessWithoutEffect: Rule = ({ ledger, database, sessions, prepared }) => {
  const provisioned = new Set([...sessions, ...prepared].map(({ chargerId }) => chargerId));
  const unclear = new Set(
    ledger.creations.flatMap(({ kind, verdict, marker }) =>
      kind === "registration" && verdict === "unknown" ? [marker] : [],
    ),
  );
  return database.chargers
    .filter(({ status, deleted_at, identity }) => status === "READY" && !deleted_at && !unclear.has(identity))
    .filter(({ id }) => !provisioned.has(id))
    .map(({ id, identity }) => `charger ${identity} (${id}) is READY and has no session`);
};

/** I4: an accepted write is stored, once; one answered 503 is not. */
const answersAreTrue: Rule = ({ ledger, database, jobs }) => [
  ...ledger.creations.flatMap((creation) => creationProblems(creation, database)),
  ...[...ledger.locations.values()]
    .filter(({ id, removal }) => removal === null && !database.locations.some((row) => row.id === id))
    .map(({ id }) => `location ${id} was accepted and is not there`),
  ...[...ledger.tags.values()]
    .filter(({ id, removal }) => removal === null && !database.idTags.some((row) => row.id === id))
    .map(({ id }) => `id tag ${id} was accepted and is not there`),
  ...[...jobs].flatMap(([id, shown]) => (shown === null ? [`job ${id} is not readable any more`] : [])),
];

function creationProblems(creation: Creation, database: DatabaseRows): string[] {
  const { kind, marker, count, verdict, ids, attempts } = creation;
  const rows = rowsOf(creation, database);
  const makers = new Set(rows.map((row) => ("job_id" in row && kind === "batch" ? row.job_id : row.id)));
  const said = `${kind} ${marker} (answers ${attempts.join(", ")})`;
  const found: string[] = [];
  if (new Set(ids).size > 1) found.push(`${said}: one key, several things: ${[...new Set(ids)].join(", ")}`);
  if (makers.size > 1) found.push(`${said} was stored ${makers.size} times`);
  if (verdict === "unavailable" && rows.length > 0) found.push(`${said} was answered 503 and is stored`);
  if (verdict === "refused" && rows.length > 0) found.push(`${said} was refused and is stored`);
  // A location may have been renamed meanwhile, a tag deleted: they are looked up by their ids.
  const isOwed = verdict === "stored" && kind !== "location" && kind !== "idTag";
  if (isOwed && rows.length !== count)
    found.push(`${said} was accepted; ${rows.length} of ${count} are stored`);
  if (verdict === "unknown" && rows.length !== 0 && rows.length !== count)
    found.push(`${said} is stored in part: ${rows.length} of ${count}`);
  const [id] = ids;
  if (isOwed && id !== undefined && makers.size === 1 && !makers.has(id))
    found.push(`${said} was answered with ${id} and stored as ${[...makers].join()}`);
  return found;
}

function rowsOf({ kind, marker }: Creation, { chargers, locations, keys, idTags }: DatabaseRows) {
  if (kind === "idTag") return idTags.filter(({ id_tag }) => id_tag === marker);
  if (kind === "location") return locations.filter(({ name }) => name === marker);
  if (kind === "apiKey") return keys.filter(({ name }) => name === marker);
  return chargers.filter(({ identity }) =>
    kind === "batch" ? identity.startsWith(marker) : identity === marker,
  );
}

/** I4 for changes of what Postgres has. */
const changesAreTrue: Rule = ({ ledger, database }) =>
  [...groupBy(ledger.changes, ({ subject, id }) => `${subject} ${id}`)].flatMap(([name, changes]) => {
    const [first] = changes;
    const current = first && currentValue(first, database);
    if (!first || current === undefined) return [];
    // A list is not managed before its first change.
    const atFirst: Change[] =
      first.subject === "listMode" ? [{ ...first, value: "off", verdict: "stored" }] : [];
    return changeProblems(name, [...atFirst, ...changes], current);
  });

/** Undefined where the subject is gone. */
function currentValue({ subject, id }: Change, database: DatabaseRows): string | null | undefined {
  if (subject === "location") return database.locations.find((row) => row.id === id)?.name;
  if (subject === "idTag") return database.idTags.find((row) => row.id === id)?.name;
  if (subject.startsWith("simulated")) return undefined;
  const charger = database.chargers.find((row) => row.id === id);
  if (!charger || charger.deleted_at) return undefined;
  if (subject === "charger") return charger.name;
  if (subject === "listMode")
    return database.localLists.find(({ charger_id }) => charger_id === id)?.mode ?? "off";
  return database.settings.find(({ charger_id }) => charger_id === id)?.current ?? null;
}

/** I4 for removals. */
const removalsAreTrue: Rule = ({ ledger, database, sessions }) =>
  [...groupBy(ledger.removals, ({ subject, id }) => `${subject} ${id}`)].flatMap(([name, removals]) => {
    const [first] = removals;
    if (!first) return [];
    const isStored = removals.some(({ verdict }) => verdict === "stored");
    const isOpen = removals.some(({ verdict }) => verdict === "unknown");
    const isGone = !isThere(first, database);
    if (isStored && !isGone) return [`${name} was deleted and is there`];
    if (!isStored && !isOpen && isGone) return [`${name} is gone; its deletion was not accepted`];
    const session = sessions.find(({ chargerId }) => first.subject === "charger" && chargerId === first.id);
    return isGone && session ? [`${name} is deleted and has a session (${session.unsent} facts unsent)`] : [];
  });

function isThere({ subject, id }: { subject: string; id: string }, database: DatabaseRows): boolean {
  if (subject === "location") return database.locations.some((row) => row.id === id);
  if (subject === "idTag") return database.idTags.some((row) => row.id === id);
  if (subject === "apiKey") return database.keys.some((row) => row.id === id && !row.revoked_at);
  return database.chargers.some((row) => row.id === id && !row.deleted_at);
}

/** I6: one socket per station, and exactly connected stations are shown as online. */
const onlineIsTrue: Rule = ({ ledger, stations, online, database }) => {
  const found: string[] = [];
  const connections = new Map(database.connections.map((row) => [row.charger_id, row]));
  const rows = new Map(database.chargers.map((row) => [row.id, row]));
  const byIdentity = new Map(stations.map((station) => [station.door.identity, station]));
  for (const { id, identity, wantsRun, runtime, removal } of ledger.chargers.values()) {
    const row = rows.get(id);
    if (!row || row.deleted_at || removal === "unknown") continue;
    const station = byIdentity.get(identity);
    const truth =
      runtime === "simulated" ? row.status === "READY" && wantsRun : (station?.isConnected ?? false);
    if (truth === "unknown") continue;
    if (online.get(identity) !== truth)
      found.push(`${identity} is ${onLine(truth)} and shown as ${onLine(online.get(identity))}`);
    const stored = connections.get(id)?.online ?? false;
    if (stored !== truth) found.push(`${identity} is ${onLine(truth)} and stored as ${onLine(stored)}`);
  }
  for (const { door, openSockets, isGone } of stations)
    if (openSockets > (isGone ? 0 : 1)) found.push(`${door.identity} has ${openSockets} sockets open`);
  return found;
};

const onLine = (is: boolean | null | undefined) => (is ? "on line" : is === false ? "off line" : "unknown");

/** I8: what has ended does not change, and revisions only grow. */
const endsStay: Rule = ({ before, database, ledger }) => {
  const { reopened } = ledger;
  const found = pollProblems(ledger.polls.filter(({ jobId }) => !reopened.has(jobId)));
  if (!before) return found;
  const compare = <Row>(
    name: string,
    key: (row: Row) => string,
    then: Row[],
    now: Row[],
    bad: (a: Row, b: Row) => string | null,
  ) => {
    const rows = new Map(now.map((row) => [key(row), row]));
    for (const row of then) {
      const same = rows.get(key(row));
      const problem = same ? bad(row, same) : "is gone";
      if (problem) found.push(`${name} ${key(row)} ${problem}`);
    }
  };
  compare(
    "job",
    ({ id }) => id,
    before.jobs,
    database.jobs,
    (a, b) =>
      TERMINAL.has(a.status) && a.status !== b.status && !reopened.has(a.id)
        ? `was ${a.status} and is ${b.status}`
        : null,
  );
  compare(
    "charger",
    ({ id }) => id,
    before.chargers,
    database.chargers,
    (a, b) => {
      const isReopened = a.status === "FAILED" && reopened.has(a.job_id ?? "");
      if (TERMINAL.has(a.status) && a.status !== b.status && !isReopened)
        return `was ${a.status} and is ${b.status}`;
      if (a.deleted_at && !b.deleted_at) return "was deleted and is back";
      return b.revision < a.revision ? `went from revision ${a.revision} to ${b.revision}` : null;
    },
  );
  compare(
    "connection",
    ({ charger_id }) => charger_id,
    before.connections,
    database.connections,
    (a, b) =>
      b.generation < a.generation ? `went from generation ${a.generation} to ${b.generation}` : null,
  );
  compare(
    "transaction",
    (row) => `${row.organization_id}/${row.transaction_id}`,
    before.transactions,
    database.transactions,
    (a, b) => {
      if (a.charger_id !== b.charger_id) return "went to another charger";
      if (b.revision < a.revision) return `went from revision ${a.revision} to ${b.revision}`;
      const changed =
        a.status === "completed" && (b.status !== a.status || a.meter_stop_wh !== b.meter_stop_wh);
      return changed ? `had ended at ${a.meter_stop_wh} and now says ${b.status}, ${b.meter_stop_wh}` : null;
    },
  );
  return found;
};

function pollProblems(polls: Evidence["ledger"]["polls"]): string[] {
  return [...groupBy(polls, ({ jobId }) => jobId)].flatMap(([jobId, looks]) =>
    looks.slice(1).flatMap((look, index) => {
      const earlier = looks[index];
      if (!earlier) return [];
      const ended = TERMINAL.has(earlier.status) && look.status !== earlier.status;
      return ended
        ? [`job ${jobId} was ${earlier.status} in one poll and ${look.status} in a later one`]
        : [];
    }),
  );
}

/** I9: every row belongs to the organisation that made it. */
const tenantsAreApart: Rule = ({ ledger, database, organizations }) => {
  const found: string[] = [];
  for (const creation of ledger.creations)
    for (const row of rowsOf(creation, database))
      if (row.organization_id !== organizations[creation.tenant])
        found.push(`${creation.kind} ${creation.marker} is stored for another organisation`);
  const owners = new Map(database.chargers.map(({ id, organization_id }) => [id, organization_id]));
  for (const { organization_id, charger_id, transaction_id } of database.transactions)
    if (owners.get(charger_id) !== organization_id)
      found.push(`transaction ${transaction_id} has another owner than its charger`);
  for (const { organization_id, charger_id, id } of database.reservations)
    if (owners.get(charger_id) !== organization_id)
      found.push(`reservation ${id} has another owner than its charger`);
  for (const { organization_id, charger_id } of database.readings)
    if (owners.get(charger_id) !== organization_id)
      found.push(`a meter value of ${charger_id} has another owner than its charger`);
  return found;
};

/** I10: nothing is left over. */
const nothingIsLeft: Rule = ({ database, sessions, prepared, strayAlarms, engine, stations }) => {
  const online = new Set(database.connections.flatMap((row) => (row.online ? [row.charger_id] : [])));
  const living = new Set(database.chargers.flatMap((row) => (row.deleted_at ? [] : [row.id])));
  const failed = new Set(database.chargers.flatMap((row) => (row.status === "FAILED" ? [row.id] : [])));
  return [
    ...database.jobs
      .filter(({ status }) => !TERMINAL.has(status))
      .map(({ id, status }) => `job ${id} is still ${status}`),
    ...database.effects.map(
      ({ batch_id, kind, charger_id }) => `effect ${kind} of ${charger_id} (${batch_id}) was never done`,
    ),
    ...database.settings
      .filter((row) => row.is_pending && online.has(row.charger_id) && living.has(row.charger_id))
      .map((row) => `settings of ${row.charger_id} are pending, and it is on line`),
    ...sessions
      .filter(({ unsent }) => unsent > 0)
      .map(({ identity, unsent }) => `${identity} has ${unsent} facts unsent`),
    ...sessions
      .filter(({ isRetired, chargerId }) => isRetired || !living.has(chargerId))
      .map(({ identity }) => `the session of ${identity} is left of a charger that is gone`),
    ...[...sessions, ...prepared]
      .filter(({ chargerId }) => living.has(chargerId) && failed.has(chargerId))
      .map(({ identity }) => `${identity} is FAILED and has a session`),
    ...strayAlarms.map((name) => `an alarm will wake the empty session ${name}`),
    ...prepared
      .filter(({ chargerId }) => !living.has(chargerId))
      .map(({ identity }) => `the prepared session of ${identity} is left of a deleted charger`),
    ...(engine.pending + engine.inFlight > 0
      ? [`the engine has ${engine.pending} messages waiting, ${engine.inFlight} in flight`]
      : []),
    ...stations
      .filter(({ isGone, isQuiet }) => !isGone && !isQuiet)
      .map(({ door }) => `${door.identity} waits for an answer`),
  ];
};

const RULES: readonly [string, Rule][] = [
  ["I1", everyItemEnds],
  ["I2", oneEffectEach],
  ["I3", noSuccessWithoutEffect],
  ["I4", answersAreTrue],
  ["I4", changesAreTrue],
  ["I4", removalsAreTrue],
  ["I5", commandsEndOnce],
  ["I6", onlineIsTrue],
  ["door", rightKeysOpen],
  ["I7", oneCallAtATime],
  ["I8", endsStay],
  ["I9", tenantsAreApart],
  ["I10", nothingIsLeft],
  ["I10", noTagIsLeft],
  ["I11", registryIsTrue],
  ["I12", managedListsAreTrue],
  ["I12", listVersionsGrow],
  ["I12", changesAreSent],
  ["I13", startsAreOnce],
  ["I13", stopsEnd],
  ["I13", totalsAreTrue],
  ["I14", reservationsAreTrue],
  ["I15", commandsHaveEffect],
  ["loss", confirmedIsKept],
  ["drivers", nobodyIsRefused],
];
