import { describe, expect, test } from "vitest";
import { audit } from "../../chaos/audit.ts";
import type { StationDesk } from "../../chaos/station-desk.ts";
import { chargedEvidence } from "./charged-evidence.ts";
import type { Mutable } from "./healthy-evidence.ts";

/** The element that a mutation changes. @throws when the evidence has none */
function at<Item>(items: readonly Item[], index = 0): Item {
  const item = items[index];
  if (item === undefined) throw new Error("nothing to change");
  return item;
}

const desk = ({ desks }: Mutable) => {
  const found = desks.get("S1");
  if (!found) throw new Error("no desk");
  return found as { -readonly [Name in keyof typeof found]: (typeof found)[Name] } & Pick<
    StationDesk,
    "list"
  >;
};
const row = ({ database }: Mutable, id: string) => at(database.transactions.filter((one) => one.id === id));
const reservation = ({ database }: Mutable, id: string) =>
  at(database.reservations.filter((one) => one.id === id));
const simulated = (evidence: Mutable) => at(evidence.simulated);
const hour = 3_600_000;

const mutations: [invariant: string, broken: string, said: RegExp, mutate: (evidence: Mutable) => void][] = [
  [
    "I4",
    "a list mode that is lost",
    /listMode station lost the value managed/,
    ({ database }) => (at(database.localLists).mode = "off"),
  ],
  ["I12", "a tag that a list lacks", /has the tag t1 as unknown/, (e) => desk(e).list.clear()],
  [
    "I12",
    "a tag that a list has in an older state",
    /has the tag t1 as Accepted, and it is Blocked/,
    (e) => desk(e).list.set("t1", "Accepted"),
  ],
  [
    "I12",
    "a deleted tag in a list",
    /holds the tag t9, which is not there/,
    (e) => desk(e).list.set("t9", "Accepted"),
  ],
  [
    "I12",
    "a list that was not brought to its station",
    /is failed, not applied/,
    ({ database }) => (at(database.localLists).outcome = "failed"),
  ],
  [
    "I12",
    "a version that is confirmed and not held",
    /has version 1 of its list, confirmed as 2/,
    (e) => (desk(e).listVersion = 1),
  ],
  [
    "I12",
    "a version that was sent before it was stored",
    /sent version 2 of its list; 1 was given out/,
    ({ database }) => (at(database.localLists).version = 1),
  ],
  [
    "I12",
    "a version that is used twice",
    /version 1 of its list after version 1/,
    (e) => (at(desk(e).lists, 1).version = 1),
  ],
  [
    "I12",
    "a second full list where a change would do",
    /was sent 2 full lists in connection 1/,
    (e) => (at(desk(e).lists, 1).update = "Full"),
  ],
  [
    "I13",
    "a start with two rows",
    /1 starts and 0 cards have 2 rows/,
    (e) =>
      e.database.transactions.push({
        ...row(e, "txn_8"),
        id: "txn_10",
        transaction_id: 10,
        status: "expired",
      }),
  ],
  [
    "I13",
    "an accepted start that is lost",
    /1 starts were accepted and have 0 rows/,
    (e) => (row(e, "txn_8").id_tag = null),
  ],
  [
    "I13",
    "a number that was promised and is another",
    /promised the number 8/,
    (e) => (row(e, "txn_8").transaction_id = 80),
  ],
  [
    "I13",
    "a refused start that waits",
    /refused start has a row that is not expired/,
    (e) => (row(e, "txn_9").status = "pending"),
  ],
  [
    "I13",
    "a start that waits for ever",
    /transaction 8 is still pending/,
    (e) => Object.assign(row(e, "txn_8"), { status: "pending", started_at: new Date(e.nowMs - hour) }),
  ],
  [
    "I13",
    "a transaction that began and whose row expired",
    /began 1 transactions, and 0 rows have begun/,
    (e) => (row(e, "txn_8").status = "expired"),
  ],
  [
    "I13",
    "a claimed start that is not known as remote",
    /1 transactions began remotely and 0 are known/,
    (e) => (row(e, "txn_8").remote_started = false),
  ],
  [
    "I13",
    "a start that was sent twice",
    /1 starts reached the station 2 times/,
    ({ stations }) => at(stations).calls.push(at(at(stations).calls, 1)),
  ],
  [
    "I13",
    "a start that arrived and was reported as never sent",
    /never sent and arrived/,
    ({ ledger }) => (at(ledger.starts, 1).verdict = "unsent"),
  ],
  [
    "I13",
    "a start that left without a row",
    /1 starts reached the station and have 0 rows/,
    (e) => (row(e, "txn_9").id_tag = null),
  ],
  [
    "I13",
    "a stop that did not end its transaction",
    /was stopped remotely and is in_progress/,
    (e) => (row(e, "txn_8").status = "in_progress"),
  ],
  [
    "I13",
    "a stop that ended it for another reason",
    /was stopped remotely and is completed, Local/,
    (e) => (row(e, "txn_8").stop_reason = "Local"),
  ],
  [
    "I13",
    "a stop that was sent twice",
    /was sent 2 stops for 1/,
    ({ stations }) => at(stations).calls.push(at(at(stations).calls, 3)),
  ],
  [
    "I13",
    "an accepted stop that never arrived",
    /a stop accepted that never arrived/,
    ({ stations }) => at(stations).calls.pop(),
  ],
  [
    "I13",
    "a transaction that is counted twice",
    /began 2 transactions, and 3 are stored/,
    (e) => e.database.transactions.push({ ...row(e, "txn_8"), id: "txn_10", transaction_id: 10 }),
  ],
  [
    "I13",
    "energy that is counted twice",
    /delivered 300 Wh, and 400 Wh are stored/,
    (e) => (row(e, "txn_8").meter_stop_wh = 500),
  ],
  [
    "I14",
    "a reservation with two rows",
    /it has 2 rows/,
    (e) => e.database.reservations.push({ ...reservation(e, "rsv_2"), id: "rsv_3" }),
  ],
  [
    "I14",
    "a reservation that is lost",
    /answered as rsv_2 and stored as nothing/,
    ({ database }) => database.reservations.pop(),
  ],
  [
    "I14",
    "a reservation that never arrived",
    /accepted and never arrived/,
    (e) => (desk(e).reservations = desk(e).reservations.slice(0, 1)),
  ],
  [
    "I14",
    "a refused reservation that is stored",
    /it was refused and is stored as cancelled/,
    ({ ledger }) => (at(ledger.reservations, 1).verdict = "refused"),
  ],
  [
    "I14",
    "a reservation that was sent and reported as never sent",
    /reported as never sent and arrived/,
    ({ ledger }) => (at(ledger.reservations, 1).verdict = "unsent"),
  ],
  [
    "I14",
    "a used reservation that is still active",
    /used at the station and stored as active/,
    (e) => (reservation(e, "rsv_1").status = "active"),
  ],
  [
    "I14",
    "a cancelled reservation that is still active",
    /cancelled at the station and stored as active/,
    (e) => (reservation(e, "rsv_2").status = "active"),
  ],
  [
    "I14",
    "a reservation that is over and still active",
    /expired at the station and stored as active/,
    (e) => {
      Object.assign(at(desk(e).reservations, 1), { state: "expired", expiresAtMs: e.nowMs - 1 });
      reservation(e, "rsv_2").status = "active";
    },
  ],
  [
    "I14",
    "a reservation that the station gave up and is active",
    /removed at the station and stored as active/,
    (e) => {
      Object.assign(at(desk(e).reservations, 1), { state: "removed", isEndTold: true });
      reservation(e, "rsv_2").status = "active";
    },
  ],
  [
    "I14",
    "a reservation that another transaction used",
    /another transaction than the station's used it: 7/,
    (e) => (reservation(e, "rsv_1").transaction_id = 7),
  ],
  [
    "I14",
    "a used reservation without a row after an answer that was lost",
    /it is used at the station and has no row/,
    (e) => {
      Object.assign(at(e.ledger.reservations), { verdict: "unknown", id: null });
      e.database.reservations.shift();
    },
  ],
  [
    "I15",
    "a car that was plugged in and is not there",
    /simulated car of B1-1 lost the value in and has out/,
    (e) => Object.assign(simulated(e), { cars: [] }),
  ],
  [
    "I15",
    "a fault that a refused command made",
    /has the value F2, which was answered as refused/,
    (e) => {
      e.ledger.changes.push({ subject: "simulated fault", id: "simulated", value: "F2", verdict: "refused" });
      Object.assign(simulated(e), { faults: { 1: "F2" } });
    },
  ],
  [
    "I15",
    "a fault that is lost",
    /lost the value F1 and has none/,
    (e) => Object.assign(simulated(e), { faults: {} }),
  ],
  [
    "I15",
    "a list of a client that is lost",
    /lost the value 4 and has 3/,
    (e) => Object.assign(simulated(e), { listVersion: 3 }),
  ],
  [
    "loss",
    "another reason of an end",
    /ended as Remote and is stored as Local/,
    (e) => (row(e, "txn_8").stop_reason = "Local"),
  ],
  [
    "I9",
    "a reservation with another owner",
    /reservation rsv_1 has another owner/,
    (e) => (reservation(e, "rsv_1").organization_id = "organization-1"),
  ],
];

describe("the audit of remote starts, reservations, lists and simulated commands", () => {
  test("finds nothing where nothing is wrong", () => {
    expect(audit(chargedEvidence())).toEqual([]);
  });

  test.each(mutations)("breaks %s for %s", (invariant, _broken, said, mutate) => {
    const evidence = chargedEvidence();
    mutate(evidence);
    const found = audit(evidence).filter((violation) => violation.invariant === invariant);
    expect(found.map(({ what }) => what).join("\n")).toMatch(said);
  });

  test("a second full list is excused by the erasure of a tag, a refusal, or a list that is shorter than its changes", () => {
    const excuses: ((evidence: Mutable) => void)[] = [
      ({ ledger, nowMs }) => ledger.erasures.push({ tenant: 0, atMs: nowMs - 40_000 }),
      (e) => (at(desk(e).lists).status = "Failed"),
      (e) => (at(desk(e).lists, 1).isShorter = true),
    ];
    for (const excuse of excuses) {
      const evidence = chargedEvidence();
      at(desk(evidence).lists, 1).update = "Full";
      excuse(evidence);
      expect(audit(evidence)).toEqual([]);
    }
  });
});
