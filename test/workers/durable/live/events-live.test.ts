import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LINES_MAX } from "../../../../src/durable/live/events-live.ts";
import { FeedDouble } from "./feed-double.ts";
import { Lines } from "./line-client.ts";

let feed: FeedDouble;
let lines: Lines;
beforeEach(() => {
  feed = new FeedDouble();
  lines = new Lines();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

const idsOf = (from = 0) => feed.events.slice(from).map(({ id }) => id);

describe("a line", () => {
  test("begins with what is stored after it was opened, and is sent each event once and in the order of the feed", async () => {
    const before = feed.store(3);
    const client = await lines.open();
    expect(client.frames).toEqual([{ type: "ready", after: before }]);
    for (let i = 0; i < 5; i++) await lines.told(feed.store(7));
    await client.until(() => client.ids.length >= 35);
    expect(client.ids).toEqual(idsOf(3));
    expect(client.frames[1]).toEqual({
      type: "event",
      id: idsOf(3)[0],
      event: "charger.connected",
      timestamp: "2026-02-06T14:30:00.000Z",
      data: { chargeBoxId: "CP" },
    });
  });

  test("goes on behind an event, however many were stored since", async () => {
    feed.store(1200);
    const client = await lines.open({ after: idsOf()[10] ?? "" });
    client.send({ type: "ack", id: idsOf()[10] });
    const acknowledging = vi.waitFor(
      () => {
        const last = client.ids.at(-1);
        if (last) client.send({ type: "ack", id: last });
        expect(client.ids.length).toBe(1189);
      },
      { timeout: 5000, interval: 5 },
    );
    await acknowledging;
    expect(client.ids).toEqual(idsOf(11));
  });

  test("that was to go on behind an event that is not kept is told to resync from the oldest", async () => {
    feed.store(2);
    const client = await lines.open({ after: "evt_7ZZZZZZZZZZZZZZZZZZZZZZZZZ" });
    await client.until(() => client.closed !== null);
    expect(client.frames.at(-1)).toEqual({ type: "resync", after: null });
    expect(client.closed).toBe(4409);
  });

  test("is sent events of its types and of its charger alone", async () => {
    const [typed, own] = [
      await lines.open({ types: ["charger.boot"] }),
      await lines.open({ chargeBoxId: "CP-2" }),
    ];
    feed.store(2);
    const boot = feed.store(1, { type: "charger.boot" });
    const other = feed.store(1, { data: { chargeBoxId: "CP-2" } });
    await lines.told(other);
    await Promise.all([typed.until(() => typed.ids.length > 0), own.until(() => own.ids.length > 0)]);
    expect([typed.ids, own.ids]).toEqual([[boot], [other]]);
  });

  test("keeps its place and its filter while the object hibernates", async () => {
    const client = await lines.open({ types: ["charger.connected"] });
    await lines.told(feed.store(2));
    await client.until(() => client.ids.length === 2);
    await lines.hibernate();
    feed.store(1, { type: "charger.boot" });
    await lines.told(feed.store(2));
    await client.until(() => client.ids.length >= 4);
    expect(client.ids).toEqual([...idsOf().slice(0, 2), ...idsOf().slice(3)]);
  });

  test("is sent an event that an open transaction holds up as soon as it can be read, without another notice", async () => {
    const client = await lines.open();
    feed.readable = 0;
    const id = feed.store(1);
    await lines.told(id);
    await vi.waitFor(() => expect(feed.pages()).toBeGreaterThan(1), { timeout: 3000 });
    expect(client.ids).toEqual([]);
    feed.readable = 1;
    await client.until(() => client.ids.length > 0);
    const pages = feed.pages();
    await lines.told(null);
    await vi.waitFor(() => expect(feed.pages()).toBe(pages + 1));
  });

  test("that is announced an event which it began behind is read for a few times only", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const first = feed.store(1);
    feed.store(1);
    const client = await lines.open();
    await lines.told(first);
    await vi.waitFor(() => expect(feed.pages()).toBe(2));
    vi.setSystemTime(Date.now() + 20_000);
    await lines.told(feed.store(1));
    await client.until(() => client.ids.length === 1);
    await vi.waitFor(() => expect(feed.pages()).toBeLessThanOrEqual(5));
    vi.useRealTimers();
  });

  test("that cannot be kept is refused and takes no place", async () => {
    const types = Array.from({ length: 2000 }, (_, n) => `charger.connected-${n}`);
    for (let i = 0; i < 3; i++) expect((await lines.upgrade({ types })).status).toBe(503);
    const open = await runInDurableObject(lines.stub, (_instance, ctx) => ctx.getWebSockets().length);
    expect(open).toBe(0);
  });

  test("is sent what was stored before its opening was known to all, by a second look", async () => {
    const client = await lines.open();
    const id = feed.store(1);
    expect(await runDurableObjectAlarm(lines.stub)).toBe(true);
    await client.until(() => client.ids.length > 0);
    expect(client.ids).toEqual([id]);
  });

  test("goes on by itself after an outage of Postgres", async () => {
    const client = await lines.open();
    feed.isDown = true;
    await lines.told(feed.store(1));
    await vi.waitFor(() =>
      expect(console.error).toHaveBeenCalledWith(expect.stringContaining("live.notRead")),
    );
    feed.isDown = false;
    expect(await runDurableObjectAlarm(lines.stub)).toBe(true);
    await client.until(() => client.ids.length > 0);
    expect(client.ids).toEqual(idsOf());
  });

  test("of a revoked key is closed with the next event, and the others stay open", async () => {
    const [revoked, other] = [
      await lines.open({ keyId: "key_00000000000000000000000001" }),
      await lines.open(),
    ];
    feed.revoked.add("key_00000000000000000000000001");
    await lines.told(feed.store(1));
    await revoked.until(() => revoked.closed !== null);
    await other.until(() => other.ids.length > 0);
    expect([revoked.closed, revoked.ids, other.closed]).toEqual([4401, [], null]);
  });

  test.each([
    ["no JSON", "hello"],
    ["no acknowledgement", '{"type":"subscribe"}'],
    ["an acknowledgement of no event", '{"type":"ack","id":"nonsense"}'],
    ["a long text", JSON.stringify({ type: "ack", id: "x".repeat(5000) }), 1009],
  ])("is closed when the client sends %s", async (_name, frame, code = 1008) => {
    const client = await lines.open();
    client.send(frame);
    await client.until(() => client.closed !== null);
    expect(client.closed).toBe(code);
  });
});

describe("a client that does not acknowledge", () => {
  test("is told once to resync behind what it acknowledged last, and is sent nothing more", async () => {
    const client = await lines.open();
    await lines.told(feed.store(10));
    await client.until(() => client.ids.length === 10);
    client.send({ type: "ack", id: idsOf()[4] });
    await lines.told(feed.store(1500));
    await client.until(() => client.closed !== null);
    expect(client.closed).toBe(4409);
    expect(client.frames.at(-1)).toEqual({ type: "resync", after: idsOf()[4] });
    expect(client.ids).toHaveLength(5 + 1000);
  });

  test("is told so after 1 MB of large events", async () => {
    const client = await lines.open();
    feed.store(30, { data: { chargeBoxId: "CP", text: "x".repeat(60_000) } });
    await lines.told(idsOf().at(-1) ?? null);
    await client.until(() => client.closed !== null);
    expect([client.closed, client.ids.length]).toEqual([4409, 16]);
  });

  test("does not hold up the others", async () => {
    const [slow, fast] = [await lines.open(), await lines.open()];
    await lines.told(feed.store(600));
    await fast.until(() => fast.ids.length === 600);
    fast.send({ type: "ack", id: fast.ids.at(-1) });
    await lines.told(feed.store(600));
    await fast.until(() => fast.ids.length === 1200);
    expect([slow.closed, fast.closed]).toEqual([4409, null]);
  });
});

describe("the lines of an organisation", () => {
  test("that are idle make no statement, set no alarm and do not wake for pings", async () => {
    feed.store(1);
    const clients = await Promise.all(Array.from({ length: 50 }, () => lines.open()));
    await runDurableObjectAlarm(lines.stub);
    await vi.waitFor(() => expect(feed.pages()).toBeGreaterThan(0));
    await lines.hibernate();
    const statements = feed.statements.length;
    for (const client of clients) client.send('{"type":"ping"}');
    await Promise.all(clients.map((client) => client.until(() => client.pongs.length === 1)));
    expect(feed.statements.length).toBe(statements);
    expect(await runDurableObjectAlarm(lines.stub)).toBe(false);
    const rows = await runInDurableObject(
      lines.stub,
      async (_instance, { storage }) => (await storage.list()).size,
    );
    expect(rows).toBe(0);
  });

  test("are read for with few statements in a burst of notices", async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => lines.open()));
    const pages = feed.pages();
    await Promise.all(Array.from({ length: 50 }, () => lines.told(feed.store(1))));
    await Promise.all(clients.map((client) => client.until(() => client.ids.length === 50)));
    expect(feed.pages() - pages).toBeLessThanOrEqual(4);
  });

  test("are at most so many: one more is refused", async () => {
    for (let i = 0; i < LINES_MAX; i++) await lines.open();
    expect((await lines.upgrade()).status).toBe(429);
  });

  test("are unknown to Postgres after the last one was closed, and known again with the next", async () => {
    const [one, two] = [await lines.open(), await lines.open()];
    expect(feed.isLive).toBe(true);
    one.close();
    two.close();
    await vi.waitFor(() => expect(feed.isLive).toBe(false));
    await lines.open();
    expect(feed.isLive).toBe(true);
  });

  test("that were lost with the runtime are unknown to Postgres after the next notice", async () => {
    feed.isLive = true;
    await lines.told(feed.store(1));
    await vi.waitFor(() => expect(feed.isLive).toBe(false));
    expect(feed.pages()).toBe(0);
  });

  test("cannot be opened while Postgres is away", async () => {
    feed.isDown = true;
    expect((await lines.upgrade()).status).toBe(503);
  });
});
