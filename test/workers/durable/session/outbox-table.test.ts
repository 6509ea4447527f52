import { expect, test } from "vitest";
import { Outbox } from "../../../../src/durable/session/storage/outbox.ts";
import type { SessionRecord } from "../../../../src/durable/session/storage/session-record.ts";
import type { SessionFactRow } from "../../../../src/ports.ts";
import { inObject, newCharger } from "./station-double.ts";

const row = (name: string, changed: Partial<SessionFactRow> = {}): SessionFactRow => ({
  chargerId: "c",
  generation: 1,
  atMs: 0,
  fact: { type: "connector", evseId: 1, connectorId: 1, status: name, errorCode: "NoError" },
  ...changed,
});
/** No column takes it, and the row is refused. */
const UNSTORABLE = { generation: Number.NaN };

/** An outbox on the storage of an object that has nothing else, and what its table holds. */
function withOutbox(
  look: (bench: { outbox: Outbox; names: () => string[]; storage: DurableObjectStorage }) => void,
): Promise<void> {
  return inObject(newCharger(), (_instance, { storage }) => {
    const record = { outbox: [], factSeq: 0, factAtMs: 0, hasOutboxRows: false } as unknown as SessionRecord;
    const outbox = new Outbox(storage, { record, changed: () => undefined }, () => false);
    const names = () => outbox.batch(1000).rows.map(({ fact }) => ("status" in fact ? fact.status : ""));
    look({ outbox, names, storage });
  });
}

const stored = ({ sql }: DurableObjectStorage): unknown[] => sql.exec("SELECT seq FROM outbox").toArray();

test("facts that cannot be moved to the table stay where they are, and the next ones follow them in order", async () => {
  await withOutbox(({ outbox, names, storage }) => {
    const told = Array.from({ length: 24 }, (_, index) => `S${index}`);
    for (const name of told) outbox.append(row(name));
    expect(() => outbox.append(row("broken", UNSTORABLE))).toThrow();
    expect(stored(storage)).toEqual([]);
    expect(names()).toEqual(told);
    outbox.append(row("next"));
    expect(stored(storage)).toHaveLength(25);
    expect(names()).toEqual([...told, "next"]);
  });
});

test("rows that an interrupted move left in the table do not block delivery", async () => {
  await withOutbox(({ outbox, names, storage }) => {
    const told = Array.from({ length: 24 }, (_, index) => `S${index}`);
    for (const name of told) outbox.append(row(name));
    expect(() => outbox.append(row("broken", UNSTORABLE))).toThrow();
    const fact = JSON.stringify(row("S0").fact);
    storage.sql.exec("INSERT INTO outbox VALUES (1, 'c', 1, 0, ?)", fact);
    outbox.append(row("next"));
    expect(names()).toEqual([...told, "next"]);
  });
});

test("a batch reads no more rows of a large backlog than it delivers", async () => {
  await withOutbox(({ outbox, storage }) => {
    for (let index = 0; index < 60; index++) outbox.append(row(`${index}`.padEnd(60_000)));
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const exec = storage.sql.exec.bind(storage.sql);
    const watched = (query: string, ...bindings: unknown[]) => {
      const cursor = exec(query, ...bindings);
      cursors.push(cursor);
      return cursor;
    };
    const record = { outbox: [], factSeq: 60, factAtMs: 0, hasOutboxRows: true } as unknown as SessionRecord;
    const sql = { exec: watched } as unknown as SqlStorage;
    const transactionSync = storage.transactionSync.bind(storage);
    const holder = { record, changed: () => undefined };
    const { rows } = new Outbox({ sql, transactionSync }, holder, () => false).batch(200);
    expect(rows).toHaveLength(16);
    expect(cursors.at(-1)?.rowsRead).toBeLessThanOrEqual(rows.length + 2);
  });
});

test("a large backlog is delivered batch after batch, each fact once and in order", async () => {
  await withOutbox(({ outbox }) => {
    const told = Array.from({ length: 40 }, (_, index) => `${index}`.padEnd(60_000));
    for (const name of told) outbox.append(row(name));
    const taken: SessionFactRow[] = [];
    while (!outbox.isEmpty) {
      const { rows, upTo } = outbox.batch(200);
      taken.push(...rows);
      outbox.remove(upTo);
    }
    expect(taken).toEqual(told.map((name) => row(name)));
  });
});
