import { expect, test } from "vitest";
import { OutboxFlush } from "../../../../src/durable/session/outbox-flush.ts";
import type { SessionStore } from "../../../../src/durable/session/storage/session-store.ts";
import type { SessionFact, SessionFactRow } from "../../../../src/ports.ts";

const row = (generation: number, atMs: number, fact: SessionFact): SessionFactRow => ({
  chargerId: "c",
  generation,
  atMs,
  fact,
});
const connection = (online: boolean): SessionFact => ({ type: "connection", online, ocppVersion: "ocpp1.6" });

test("the time of the last message goes with the newest facts, never with a batch that ends before the present line", async () => {
  const batches = [
    { rows: [row(1, 1000, connection(false))], upTo: 1 },
    { rows: [row(2, 2000, connection(true))], upTo: 2 },
  ];
  const store = {
    record: { chargerId: "c", generation: 2, factSeq: 2, seenAtMs: 0, flushFailures: 0 },
    get hasUnflushed() {
      return batches.length > 0;
    },
    outbox: { batch: () => batches[0], remove: () => batches.shift() },
    changed: () => undefined,
    noteSeen: () => undefined,
  } as unknown as SessionStore;
  const sent: SessionFactRow[][] = [];
  const sink = async (rows: SessionFactRow[]) => {
    sent.push(rows);
    return [];
  };
  await new OutboxFlush(store, sink, () => undefined).run("shared", 5000);
  expect(sent).toEqual([
    [row(1, 1000, connection(false))],
    [row(2, 2000, connection(true)), row(2, 5000, { type: "seen" })],
  ]);
});
