import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const frame = z.object({
  type: z.string(),
  id: z.string().optional(),
  after: z.string().nullish(),
  event: z.string().optional(),
});

/** How an upgrade is asked for. */
interface Opening {
  query?: string;
  headers: Record<string, string>;
}

/** A client of the live line that acknowledges what it is sent, and opens it again behind that when it is lost. */
class Follower {
  readonly ids: string[] = [];
  readonly types: string[] = [];
  opened = 0;
  #socket: WebSocket | null = null;
  #isEnded = false;
  #after: string | null = null;
  readonly #options: () => Promise<Opening>;

  constructor(options: () => Promise<Opening>) {
    this.#options = options;
    void this.#open();
  }

  end(): void {
    this.#isEnded = true;
    this.#socket?.close();
  }

  async #open(): Promise<void> {
    const { query = "", headers } = await this.#options().catch((): Opening => ({ headers: {} }));
    if (this.#isEnded) return;
    const after = this.#after === null ? "" : `after=${this.#after}&`;
    const url = `${stack.url.replace("http", "ws")}/api/v1/events/live?${after}${query}`;
    this.#socket = new WebSocket(url, { headers });
    this.#socket.on("message", (data) => this.#receive(String(data)));
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => setTimeout(() => void this.#open(), 200));
  }

  #receive(text: string): void {
    const { type, id, after, event } = frame.parse(JSON.parse(text));
    if (type === "ready") {
      this.opened++;
      this.#after ??= after ?? null;
    }
    if (type !== "event" || id === undefined) return;
    this.ids.push(id);
    this.types.push(event ?? "");
    this.#after = id;
    this.#socket?.send(JSON.stringify({ type: "ack", id }));
  }
}

const page = z.object({
  events: z.array(z.object({ id: z.string(), event: z.string() })),
  next: z.string().nullable(),
});

/** Ids of the whole feed. */
async function feed(): Promise<string[]> {
  const { events } = page.parse((await call(stack, "GET", "/api/v1/events?limit=500")).body);
  return events.map(({ id }) => id);
}

async function charge(station: RawStation, meterStart: number): Promise<void> {
  const now = () => new Date().toISOString();
  const status = { connectorId: 1, errorCode: "NoError" };
  await station.call("StatusNotification", { ...status, status: "Preparing" });
  const start = { connectorId: 1, idTag: "TAG", meterStart, timestamp: now() };
  const { transactionId } = z
    .object({ transactionId: z.number() })
    .parse((await station.call("StartTransaction", start))[2]);
  await station.call("StatusNotification", { ...status, status: "Charging" });
  const value = { value: String(meterStart + 500), unit: "Wh" };
  const meterValue = [{ timestamp: now(), sampledValue: [value] }];
  await station.call("MeterValues", { connectorId: 1, transactionId, meterValue });
  await station.call("StopTransaction", { transactionId, meterStop: meterStart + 900, timestamp: now() });
}

async function ticket(): Promise<string> {
  const { body } = await call(stack, "POST", "/api/v1/events/ticket", {});
  return z.object({ ticket: z.string() }).parse(body).ticket;
}

test("a line shows each event of a station once and in the order of the feed, also to a client that comes back after kill -9 of the runtime", async () => {
  const withKey = new Follower(async () => ({ headers: { "x-api-key": stack.apiKey } }));
  const withTicket = new Follower(async () => ({
    query: `ticket=${await ticket()}`,
    headers: { origin: stack.url },
  }));
  const followers = [withKey, withTicket];
  await waitFor("open lines", () => followers.every(({ opened }) => opened === 1));
  const door = await newDoor(stack, "LIVE-1");
  const station = await RawStation.booted(door);
  await charge(station, 1000);
  const ended = (count: number) => () =>
    followers.every(({ types }) => types.filter((type) => type === "transaction.stopped").length === count);
  // A flush stores transactions first, and readings and statuses in statements after it.
  const expected = [
    "charger.connected",
    "charger.boot",
    "connector.status_changed",
    "transaction.started",
    "transaction.updated",
    "transaction.stopped",
  ];
  await waitFor("every event of the first session", () =>
    followers.every(({ types }) => expected.every((type) => types.includes(type))),
  );

  await stack.killPart("worker");
  const again = await waitFor("a new connection", () => RawStation.connect(door).catch(() => null), 30_000);
  await charge(again, 5000);
  await waitFor("the end of the second session", ended(2), 30_000);
  expect(followers.map(({ opened }) => opened >= 2)).toEqual([true, true]);
  await waitFor("the same in the feed", async () => {
    const ids = await feed();
    return followers.every((follower) => JSON.stringify(follower.ids) === JSON.stringify(ids));
  });
  for (const follower of followers) follower.end();
  again.socket.close();
});

test.each([
  ["no credential", async () => ({ headers: {} }), 401],
  [
    "a page of another origin",
    async () => ({ query: `ticket=${await ticket()}`, headers: { origin: "https://evil.test" } }),
    403,
  ],
  ["an unknown type", async () => ({ query: "type=x", headers: { "x-api-key": stack.apiKey } }), 400],
] as const)("an upgrade with %s is refused", async (_name, options, status) => {
  const { query = "", headers }: { query?: string; headers: Record<string, string> } = await options();
  const socket = new WebSocket(`${stack.url.replace("http", "ws")}/api/v1/events/live?${query}`, { headers });
  const answered = await new Promise<number>((resolve, reject) => {
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("open", () => reject(new Error("the line is open")));
    socket.on("error", () => undefined);
  });
  expect(answered).toBe(status);
});
