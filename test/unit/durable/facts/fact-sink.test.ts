import { expect, onTestFinished, test, vi } from "vitest";
import { factSink } from "../../../../src/durable/facts/fact-sink.ts";
import type { Services } from "../../../../src/durable/services.ts";
import type { Env } from "../../../../src/env.ts";
import type { DueDelivery, StoredEvent } from "../../../../src/ports.ts";

const EVENT: StoredEvent = {
  organizationId: "o",
  id: "evt_1",
  type: "charger.connected",
  chargerId: "c",
  webhookIds: ["wh_1", "wh_2"],
  isLive: false,
};
const row = { chargerId: "c", generation: 1, atMs: 0, fact: { type: "seen" } } as const;

let databases = 0;

/** A sink whose statement stores these events, and an engine that does as it is told. */
function sinkOf(events: StoredEvent[], deliver: (due: readonly DueDelivery[]) => Promise<DueDelivery[]>) {
  const asked: DueDelivery[][] = [];
  const marked: string[] = [];
  let statements = 0;
  const services = {
    chargers: {
      applySessionFacts: async (_rows: unknown, onEvents: (told: StoredEvent[]) => void) => {
        statements += 1;
        onEvents(events);
        return [];
      },
    },
    liveLines: { told: () => undefined },
    messages: { deliver: (due: readonly DueDelivery[]) => (asked.push([...due]), deliver(due)) },
    deliveries: {
      published: async (due: readonly DueDelivery[]) => {
        statements += 1;
        marked.push(...due.map(({ webhookId }) => webhookId));
      },
    },
    clock: { now: () => new Date(0) },
  } as unknown as Services;
  const env = { DATABASE_URL: `postgresql://db${++databases}` } as Env;
  const sink = factSink(env, () => services);
  return { flush: () => sink([row], "alone"), asked, marked, statements: () => statements };
}

test("a flush whose events no webhook wants asks the engine nothing, and is one statement", async () => {
  const { flush, asked, statements } = sinkOf([{ ...EVENT, webhookIds: [] }], async () => []);
  await flush();
  expect([asked, statements()]).toEqual([[], 1]);
});

test("deliveries of a flush are one batch, and those that the engine took are marked", async () => {
  const { flush, asked, marked, statements } = sinkOf([EVENT], async (due) => due.slice(0, 1));
  await flush();
  await vi.waitFor(() => expect(marked).toEqual(["wh_1"]));
  expect(asked).toHaveLength(1);
  expect(statements()).toBe(2);
});

test("a flush does not wait for an engine that hangs", async () => {
  const { flush, asked } = sinkOf([EVENT], () => new Promise(() => undefined));
  expect(await flush()).toEqual([]);
  expect(asked).toHaveLength(1);
});

test("a flush succeeds though the engine refuses its deliveries, which is logged", async () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  onTestFinished(() => warned.mockRestore());
  const { flush, marked } = sinkOf([EVENT], () => Promise.reject(new Error("away")));
  expect(await flush()).toEqual([]);
  await vi.waitFor(() => expect(warned).toHaveBeenCalledOnce());
  expect(String(warned.mock.calls[0]?.[0])).toContain("deliveries.notPublished");
  expect(marked).toEqual([]);
});
