import { describe, expect, test } from "vitest";
import { audit } from "../../chaos/audit.ts";
import { healthyEvidence, ORGANIZATIONS, type Mutable } from "./healthy-evidence.ts";

/** The element that a mutation changes. @throws when the evidence has none */
function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new Error("nothing to change");
  return item;
}

const chargerOf = ({ database }: Mutable, id: string) =>
  first(database.chargers.filter((charger) => charger.id === id));
const charge = ({ stations }: Mutable) => first(first(stations).charges);
const creation = ({ ledger }: Mutable, kind: string) =>
  first(ledger.creations.filter((one) => one.kind === kind));

const mutations: [invariant: string, broken: string, said: RegExp, mutate: (evidence: Mutable) => void][] = [
  ["I1", "an item that never ended", /1 items open/, (e) => (chargerOf(e, "simulated").status = "PENDING")],
  [
    "I1",
    "a job that is open while its items have ended",
    /is PROVISIONING with 0/,
    ({ database }) => (first(database.jobs).status = "PROVISIONING"),
  ],
  ["I1", "an item that is lost", /2 items of 3/, ({ database }) => database.rejections.pop()],
  [
    "I1",
    "progress that does not add up",
    /shows/,
    ({ jobs }) => jobs.set("job", { status: "READY", total: 3, created: 2, failed: 2, pending: 0 }),
  ],
  [
    "I1",
    "an item shown as created that failed",
    /shows 2 created of 1/,
    ({ jobs }) => jobs.set("job", { status: "READY", total: 3, created: 2, failed: 1, pending: 0 }),
  ],
  [
    "I1",
    "a poll that does not add up",
    /a poll of job does not add up/,
    ({ ledger }) => (first(ledger.polls).pending = 7),
  ],
  [
    "I1",
    "a poll that is terminal too early",
    /shows READY with 2 pending/,
    ({ ledger }) => (first(ledger.polls).status = "READY"),
  ],
  [
    "I2",
    "a charger with two session objects",
    /2 session objects/,
    ({ sessions }) => sessions.push({ ...first(sessions), file: "another" }),
  ],
  ["I3", "a READY charger without a session", /READY and has no session/, ({ sessions }) => sessions.shift()],
  [
    "I3",
    "a READY charger with neither a session nor a prepared one",
    /S3 .* has no session/,
    ({ prepared }) => prepared.pop(),
  ],
  ["I4", "a job that is not readable", /not readable/, ({ jobs }) => jobs.set("job", null)],
  [
    "I4",
    "a batch stored twice",
    /stored 2 times/,
    ({ database }) =>
      database.chargers.push({ ...first(database.chargers), id: "again", identity: "B1-9", job_id: "other" }),
  ],
  ["I4", "a batch stored in part", /accepted; 1 of 2/, ({ database }) => database.chargers.splice(1, 1)],
  [
    "I4",
    "something stored after a 503",
    /answered 503 and is stored/,
    ({ database }) =>
      database.chargers.push({ ...first(database.chargers), id: "late", identity: "C9", job_id: null }),
  ],
  ["I4", "one key with two answers", /several things/, (e) => creation(e, "batch").ids.push("another")],
  [
    "I4",
    "something stored under another id than answered",
    /stored as/,
    (e) => (creation(e, "registration").ids = ["another"]),
  ],
  ["I4", "a registration that is lost", /accepted; 0 of 1/, ({ database }) => database.chargers.splice(3, 1)],
  [
    "I4",
    "a location that is lost",
    /location location was accepted and is not there/,
    ({ database }) => database.locations.pop(),
  ],
  ["I4", "an API key that is lost", /accepted; 0 of 1/, ({ database }) => database.keys.pop()],
  ["I4", "a change that is lost", /lost the value N1/, (e) => (chargerOf(e, "simulated").name = "before")],
  [
    "I4",
    "a change stored after a 503",
    /answered as unavailable/,
    (e) => (chargerOf(e, "simulated").name = "N2"),
  ],
  [
    "I4",
    "settings that are lost",
    /lost the value 16/,
    ({ database }) => (first(database.settings).current = null),
  ],
  [
    "I4",
    "a deletion that did not happen",
    /was deleted and is there/,
    (e) => (chargerOf(e, "deleted").deleted_at = null),
  ],
  [
    "I4",
    "a deletion after a 503",
    /its deletion was not accepted/,
    ({ ledger }) => (first(ledger.removals).verdict = "unavailable"),
  ],
  [
    "I4",
    "a deleted charger that still has a session",
    /has a session/,
    ({ sessions }) => sessions.push({ ...first(sessions), chargerId: "deleted" }),
  ],
  [
    "I5",
    "words that reached another station",
    /reached S9/,
    ({ stations }) => (first(stations).door = { ...first(stations).door, identity: "S9" }),
  ],
  [
    "I5",
    "a command that was sent twice",
    /was sent 2 times/,
    ({ stations }) => first(stations).calls.push(first(first(stations).calls)),
  ],
  [
    "I5",
    "a command that arrived and was reported as never sent",
    /never sent and arrived/,
    ({ ledger }) => Object.assign(first(ledger.commands), { status: 503, sent: false }),
  ],
  [
    "I5",
    "an answer of another command",
    /got the answer/,
    ({ ledger }) => (first(ledger.commands).answer = "S1 T0"),
  ],
  [
    "I5",
    "an answer that no station gave",
    /answered by no station/,
    ({ stations }) => first(stations).calls.pop(),
  ],
  ["I5", "a command that hung", /took 60000 ms/, ({ ledger }) => (first(ledger.commands).tookMs = 60_000)],
  [
    "I6",
    "a second socket that stays open",
    /2 sockets open/,
    ({ stations }) => (first(stations).openSockets = 2),
  ],
  [
    "I6",
    "a station on line and shown as off line",
    /S1 is on line and shown as off line/,
    ({ online }) => online.set("S1", false),
  ],
  [
    "I6",
    "a station on line and stored as off line",
    /S1 is on line and stored as off line/,
    ({ database }) => database.connections.pop(),
  ],
  [
    "I6",
    "a simulated charger that was stopped and runs",
    /B1-1 is off line and shown as on line/,
    ({ ledger }) => Object.assign(ledger.chargers.get("simulated") ?? {}, { wantsRun: false }),
  ],
  [
    "I6",
    "a socket of a deleted charger that stays open",
    /1 sockets open/,
    ({ stations }) => (first(stations).isGone = true),
  ],
  [
    "door",
    "a station with the right key that is refused",
    /turned away with 401/,
    ({ stations }) => (first(stations).refused["401"] = 1),
  ],
  [
    "door",
    "a station that is told to be gone",
    /told that it is gone/,
    ({ stations }) => (first(stations).isGone = true),
  ],
  [
    "I7",
    "two CALLs at once",
    /which it had not answered/,
    ({ stations }) =>
      first(stations).overlaps.push({ earlier: "Reset", later: "ClearCache", earlierAgeMs: 3 }),
  ],
  [
    "I8",
    "a job that came back to life",
    /was FAILED and is READY/,
    ({ before }) => (first(before.jobs).status = "FAILED"),
  ],
  [
    "I8",
    "a charger whose end changed",
    /was READY and is FAILED/,
    ({ before }) => Object.assign(first(before.chargers.slice(1)), { status: "READY" }),
  ],
  [
    "I8",
    "a deleted charger that is back",
    /was deleted and is back/,
    ({ before }) => (first(before.chargers).deleted_at = new Date(0)),
  ],
  [
    "I8",
    "a row that is gone",
    /is gone/,
    ({ before, database }) => before.chargers.push({ ...first(database.chargers), id: "lost" }),
  ],
  [
    "I8",
    "a revision that went back",
    /revision 9 to 3/,
    ({ before }) => (first(before.chargers).revision = 9),
  ],
  [
    "I8",
    "a generation that went back",
    /generation 9 to 2/,
    ({ before }) => (first(before.connections).generation = 9),
  ],
  [
    "I8",
    "a bill that was overwritten",
    /had ended at 250/,
    ({ before }) => (first(before.transactions).meter_stop_wh = 250),
  ],
  [
    "I8",
    "a transaction that went to another charger",
    /another charger/,
    ({ before }) => (first(before.transactions).charger_id = "simulated"),
  ],
  ["I8", "a poll that shows an ended job as open", /in a later one/, ({ ledger }) => ledger.polls.reverse()],
  [
    "I9",
    "a row of another organisation",
    /another organisation/,
    ({ database }) => (first(database.keys).organization_id = ORGANIZATIONS[1]),
  ],
  [
    "I9",
    "a transaction with another owner",
    /another owner/,
    ({ database }) => (first(database.transactions).organization_id = ORGANIZATIONS[1]),
  ],
  [
    "I9",
    "a meter value with another owner",
    /another owner/,
    ({ database }) => (first(database.readings).organization_id = ORGANIZATIONS[1]),
  ],
  [
    "I10",
    "an open job",
    /still PROVISIONING/,
    ({ database }) => (first(database.jobs).status = "PROVISIONING"),
  ],
  [
    "I10",
    "an effect that was never done",
    /was never done/,
    ({ database }) => database.effects.push({ batch_id: "b", charger_id: "station", kind: "sync" }),
  ],
  [
    "I10",
    "settings that nobody applies",
    /are pending/,
    ({ database }) => (first(database.settings).is_pending = true),
  ],
  ["I10", "facts that never arrive", /4 facts unsent/, ({ sessions }) => (first(sessions).unsent = 4)],
  [
    "I10",
    "a session of a charger that is gone",
    /is left of a charger/,
    ({ sessions }) => (first(sessions).chargerId = "nobody"),
  ],
  [
    "I10",
    "a session that is retired and not wiped",
    /is left of a charger/,
    ({ sessions }) => (first(sessions).isRetired = true),
  ],
  [
    "I10",
    "a prepared session of a deleted charger",
    /prepared session of S9/,
    ({ prepared }) => prepared.push({ chargerId: "nobody", identity: "S9", isTaken: false }),
  ],
  [
    "I10",
    "a FAILED charger that has a session",
    /B1-2 is FAILED and has a session/,
    ({ sessions }) => sessions.push({ ...first(sessions), chargerId: "failed", identity: "B1-2" }),
  ],
  ["I10", "an alarm of an empty session", /empty session X/, ({ strayAlarms }) => strayAlarms.push("X")],
  ["I10", "messages that wait in the engine", /1 messages waiting/, ({ engine }) => (engine.pending = 1)],
  [
    "I10",
    "a station that waits for an answer",
    /waits for an answer/,
    ({ stations }) => (first(stations).isQuiet = false),
  ],
  ["loss", "a transaction that is lost", /stored 0 times/, ({ database }) => database.transactions.pop()],
  [
    "loss",
    "a transaction stored twice",
    /2 transactions and began 1/,
    ({ database }) => database.transactions.push({ ...first(database.transactions), transaction_id: 8 }),
  ],
  [
    "loss",
    "two transactions of one number",
    /met another of its number/,
    ({ database }) => database.conflicts.push({ charger_id: "station", transaction_id: 7 }),
  ],
  ["loss", "a repeat that got another number", /has 2 numbers/, (e) => charge(e).transactionIds.push(8)],
  [
    "loss",
    "another start value",
    /began at 100 and is stored with 1/,
    ({ database }) => (first(database.transactions).meter_start_wh = 1),
  ],
  [
    "loss",
    "another end value",
    /ended at 300 and is stored as completed, 1/,
    ({ database }) => (first(database.transactions).meter_stop_wh = 1),
  ],
  [
    "loss",
    "an end that is lost",
    /stored as in_progress/,
    ({ database }) => (first(database.transactions).status = "in_progress"),
  ],
  [
    "loss",
    "a reading that is lost",
    /reading 200 is stored 0 times/,
    ({ database }) => database.readings.pop(),
  ],
  [
    "loss",
    "a reading stored twice",
    /reading 200 is stored 2 times/,
    ({ database }) => (first(database.readings).n = 2),
  ],
  ["drivers", "a driver who was refused", /answered Invalid/, (e) => charge(e).verdicts.push("Invalid")],
  [
    "drivers",
    "an error for a station",
    /InternalError/,
    ({ stations }) => first(stations).errors.push("MeterValues InternalError"),
  ],
  ["no 500", "what the driver noticed itself", /boom/, ({ ledger }) => ledger.odd("no 500", "boom")],
];

describe("the audit of a chaos run", () => {
  test("finds nothing where nothing is wrong", () => {
    expect(audit(healthyEvidence())).toEqual([]);
  });

  test.each(mutations)("breaks %s for %s", (invariant, _broken, said, mutate) => {
    const evidence = healthyEvidence();
    mutate(evidence);
    const found = audit(evidence).filter((violation) => violation.invariant === invariant);
    expect(found.map(({ what }) => what).join("\n")).toMatch(said);
  });
});
