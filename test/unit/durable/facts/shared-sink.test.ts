import { afterEach, expect, test, vi } from "vitest";
import { SharedSink } from "../../../../src/durable/facts/shared-sink.ts";
import type { GoneCharger, SessionFactRow } from "../../../../src/ports.ts";

afterEach(() => void vi.useRealTimers());

const OPTIONS = { windowMs: 5, rowsMax: 20, sharedRowsMax: 5, parallel: 2, patienceMs: 5000 };

const rows = (chargerId: string, count = 1): SessionFactRow[] =>
  Array.from({ length: count }, (_, atMs) => ({ chargerId, generation: 1, atMs, fact: { type: "seen" } }));

/** A database whose statements end when the test says so. */
class Database {
  readonly statements: Array<{ chargers: string[]; end: (error?: unknown) => void }> = [];
  readonly work = (sent: SessionFactRow[]): Promise<GoneCharger[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<GoneCharger[]>();
    const end = (error?: unknown) => (error === undefined ? resolve([]) : reject(error));
    this.statements.push({ chargers: sent.map(({ chargerId }) => chargerId), end });
    return promise;
  };

  async nth(index: number) {
    return vi.waitFor(() => {
      const statement = this.statements[index];
      if (!statement) throw new Error(`no statement ${index}`);
      return statement;
    });
  }
}

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const refusal = (chargerId: string) => Object.assign(new Error(`refused ${chargerId}`), { code: "22P02" });

test("concurrent deliveries share a statement, and each resolves when it has succeeded", async () => {
  const database = new Database();
  const sink = new SharedSink(OPTIONS);
  const all = Promise.all(named("a", 5).map((id) => sink.deliver(rows(id), database.work, "shared")));
  const statement = await database.nth(0);
  expect(statement.chargers).toEqual(named("a", 5));
  statement.end();
  await all;
  expect(database.statements).toHaveLength(1);
});

test("a `soon` delivery is sent in its own turn, without a timer, while a slot is free", async () => {
  vi.useFakeTimers();
  const database = new Database();
  const sink = new SharedSink(OPTIONS);
  const told = sink.deliver(rows("s0"), database.work, "soon");
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(database.statements.map(({ chargers }) => chargers)).toEqual([["s0"]]);
  database.statements[0]?.end();
  await told;
});

test("`soon` deliveries share one statement while all slots are taken", async () => {
  const database = new Database();
  const sink = new SharedSink(OPTIONS);
  const tell = (id: string) => sink.deliver(rows(id), database.work, "soon");
  const busy = [tell("k0")];
  await database.nth(0);
  busy.push(tell("k1"));
  await database.nth(1);
  const waiting = named("l", 9).map(tell);
  for (const statement of database.statements) statement.end();
  const third = await database.nth(2);
  expect(third.chargers).toEqual(named("l", 9));
  third.end();
  await Promise.all([...busy, ...waiting]);
});

test("while two statements are in progress all other deliveries share the next one", async () => {
  const database = new Database();
  const sink = new SharedSink(OPTIONS);
  const busy = [
    sink.deliver(rows("b0", 6), database.work, "shared"),
    sink.deliver(rows("b1", 6), database.work, "shared"),
  ];
  await database.nth(1);
  const waiting = named("c", 20).map((id) => sink.deliver(rows(id), database.work, "shared"));
  expect(database.statements).toHaveLength(2);
  for (const statement of database.statements) statement.end();
  const third = await database.nth(2);
  expect(third.chargers).toEqual(named("c", 20));
  third.end();
  await Promise.all([...busy, ...waiting]);
  expect(database.statements).toHaveLength(3);
});

test("each delivery returns its own missing chargers, and no others", async () => {
  const sink = new SharedSink(OPTIONS);
  const work = async () => [{ chargerId: "j1", isDeleted: true }];
  const heard = await Promise.all(named("j", 3).map((id) => sink.deliver(rows(id), work, "shared")));
  expect(heard).toEqual([[], [{ chargerId: "j1", isDeleted: true }], []]);
});

test("a statement has at most the allowed rows, and a backlog is sent alone", async () => {
  const database = new Database();
  const sink = new SharedSink({ ...OPTIONS, parallel: 10 });
  const all = [...named("d", 25), "backlog"].map((id) =>
    sink.deliver(rows(id, id === "backlog" ? 50 : 1), database.work, "shared"),
  );
  for (const index of [0, 1, 2]) (await database.nth(index)).end();
  await Promise.all(all);
  const sizes = database.statements.map(({ chargers }) => chargers.length);
  expect(sizes.toSorted((a, b) => a - b)).toEqual([5, 20, 50]);
});

test("a fact that the database refuses for its values affects only its own session", async () => {
  const sink = new SharedSink(OPTIONS);
  const sent: string[][] = [];
  const work = async (facts: SessionFactRow[]) => {
    sent.push(facts.map(({ chargerId }) => chargerId));
    if (facts.some(({ chargerId }) => chargerId === "e2")) throw refusal("e2");
    return [];
  };
  const outcomes = await Promise.allSettled(
    named("e", 4).map((id) => sink.deliver(rows(id), work, "shared")),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(sent).toEqual([named("e", 4), ...named("e", 4).map((id) => [id])]);
});

test("while the database is away waiting deliveries fail without a statement, and later ones try again", async () => {
  vi.useFakeTimers();
  const database = new Database();
  const sink = new SharedSink({ ...OPTIONS, parallel: 1 });
  const away = new Error("The database did not answer");
  const first = named("f", 3).map((id) => sink.deliver(rows(id), database.work, "shared"));
  await database.nth(0);
  const waiting = named("g", 25).map((id) => sink.deliver(rows(id), database.work, "shared"));
  const failed = Promise.allSettled([...first, ...waiting]);
  // The other batches have begun to wait for the slot.
  await vi.advanceTimersByTimeAsync(OPTIONS.windowMs * 4);
  database.statements[0]?.end(away);
  await vi.advanceTimersByTimeAsync(OPTIONS.windowMs * 100);
  for (const outcome of await failed) expect(outcome).toEqual({ status: "rejected", reason: away });
  expect(database.statements).toHaveLength(1);
  const later = sink.deliver(rows("h"), database.work, "shared");
  (await database.nth(1)).end();
  await vi.advanceTimersByTimeAsync(OPTIONS.windowMs * 100);
  await later;
});

test("a batch whose owner ended takes no rows after its time, and the deliveries that wait for it fail", async () => {
  const sink = new SharedSink({ ...OPTIONS, patienceMs: 300 });
  const gone = () => new Promise<GoneCharger[]>(() => undefined);
  void sink.deliver(rows("i0"), gone, "shared");
  const follower = sink.deliver(rows("i1"), gone, "shared");
  await expect(follower).rejects.toThrow("lost");
  const database = new Database();
  const next = sink.deliver(rows("i2"), database.work, "shared");
  const statement = await database.nth(0);
  expect(statement.chargers).toEqual(["i2"]);
  statement.end();
  await next;
});
