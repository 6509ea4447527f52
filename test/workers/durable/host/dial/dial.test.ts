import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { basicAuthorization, dial, isOwnSocket } from "../../../../../src/durable/host/dial/dial.ts";
import type { Env } from "../../../../../src/env.ts";
import type { SimulatedStation } from "../../../../../src/ports.ts";

const env = { PUBLIC_BASE_URL: "https://busbar.example", ALLOW_PRIVATE_TARGETS: false } as Env;
const station = {
  organizationSlug: "acme",
  identity: "CP-1",
  version: "ocpp1.6",
  wsUrl: "wss://csms.example.com/ocpp",
} as SimulatedStation;
const NOW = new Date("2026-11-21T10:00:00.000Z");

const dialed = () => dial(env, station, { key: null, offer: null });
const answers = (status: number, headers: Record<string, string> = {}) =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(null, { status, headers }));

beforeEach(() => {
  // Timers stay real: others are set by objects that only their own context may run.
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a central system that refuses a station", () => {
  test.each([
    ["in seconds", 503, "120", 120_000],
    ["as a date", 429, "Sat, 21 Nov 2026 10:05:00 GMT", 300_000],
    ["for longer than an hour", 503, "1000000000", 3_600_000],
    ["with a date that has passed", 503, "Sat, 21 Nov 2026 09:00:00 GMT", 0],
    ["in words", 503, "soon", 0],
  ])(
    "is left alone for as long as it asks %s, an hour at most",
    async (_how, status, value, retryAfterMs) => {
      answers(status, { "Retry-After": value });
      expect(await dialed()).toEqual({
        kind: "unreachable",
        message: `The CSMS answered the WebSocket upgrade with ${status}`,
        retryAfterMs,
      });
    },
  );

  test("for good is not dialed again", async () => {
    answers(403, { "Retry-After": "1" });
    expect(await dialed()).toMatchObject({ kind: "refused" });
  });
});

test("a central system that answers nothing is given up after ten seconds, and its connection ended", async () => {
  let signal: AbortSignal | null | undefined;
  vi.spyOn(globalThis, "fetch").mockImplementation((_url, init) => {
    signal = init?.signal;
    return new Promise(() => undefined);
  });
  const overdue: Array<() => void> = [];
  const set = globalThis.setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, delayMs?: number) =>
    delayMs === 10_000 ? overdue.push(run) : set(run, delayMs)) as typeof setTimeout);
  const outcome = dialed();
  expect([overdue.length, signal?.aborted]).toEqual([1, false]);
  overdue[0]?.();
  expect(await outcome).toEqual({
    kind: "unreachable",
    message: "The CSMS did not answer the WebSocket upgrade",
  });
  expect(signal?.aborted).toBe(true);
});

test("sends the bytes of a hex key as OCPP-J 1.6 section 6.2.2 shows", () => {
  const key = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF";
  expect(basicAuthorization("AL1000", key, true)).toBe("Basic QUwxMDAwOgABAgMEBQYH////////////////");
});

test("sends a key as text in 2.x, and in 1.6 when it is no hex", () => {
  expect(basicAuthorization("CP", "0011", false)).toBe(`Basic ${btoa("CP:0011")}`);
  expect(basicAuthorization("CP", "a plain password!", true)).toBe(`Basic ${btoa("CP:a plain password!")}`);
});

test.each([
  [null, true],
  ["wss://busbar.example.com/ocpp/demo", true],
  ["wss://busbar.example.com/ocpp/demo/", true],
  ["wss://BUSBAR.example.com:443/ocpp/demo", true],
  ["ws://busbar.example.com/ocpp/demo", false],
  ["wss://busbar.example.com/ocpp/other", false],
  ["wss://busbar.example.com/ocpp", false],
  ["wss://busbar.example.com.evil.test/ocpp/demo", false],
  ["wss://busbar.example.com/ocpp/demo?x=1", false],
])("%s is our own socket: %s", (wsUrl, isOwn) => {
  expect(isOwnSocket(wsUrl, "https://busbar.example.com", "demo")).toBe(isOwn);
});
