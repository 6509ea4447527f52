import { Receiver, Client as QStash } from "@upstash/qstash";
import { afterEach, expect, test } from "vitest";
import { PortClaims } from "../../../../dev/stack/port-claims.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";
import { connect, startFixture, waitFor, type Fixture } from "./engine-fixture.ts";
import { startEngineProcess } from "./engine-process.ts";
import { manualClock } from "./manual-clock.ts";
import { keys, startEndpoint, token, type Endpoint } from "./workflow-endpoint.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const MINUTE_MS = 60_000;
const RETRY_DELAY = "60000 * pow(20, retried)";

/** A plain message as it stands in a batch. */
const item = (url: string, body: object, headers: Record<string, string> = {}) => ({
  destination: url,
  headers: {
    "content-type": "application/json",
    "upstash-retries": "3",
    "upstash-retry-delay": RETRY_DELAY,
    ...headers,
  },
  body: JSON.stringify(body),
});

async function publish({ api }: Pick<Fixture, "api">, items: object[]) {
  const response = await api("POST", "/v2/batch", { body: JSON.stringify(items) });
  expect(response.status).toBe(201);
  return (await response.json()) as Array<{ messageId: string; deduplicated?: true }>;
}

const at = ({ deliveries }: Endpoint, path: string) =>
  deliveries.filter((delivery) => delivery.path === path);

/** An engine whose time stands still until it is moved. */
async function startStill() {
  const fixture = await startFixture({ clock: manualClock(), timeScale: 1 });
  cleanups.push(fixture.close);
  const forward = async (forwardMs: number) => {
    const moved = await fixture.api("POST", "/_test/clock", { body: JSON.stringify({ forwardMs }) });
    expect(moved.status).toBe(200);
  };
  /** Waits until so many attempts were answered and the message waits again, or is gone. */
  const settled = (attempts: number) =>
    waitFor(() => {
      const { answers, inFlight } = fixture.engine.stats();
      return inFlight === 0 && Object.values(answers).reduce((sum, count) => sum + count, 0) === attempts;
    }, `${attempts} settled attempts`);
  return { ...fixture, forward, settled };
}

const letters = async ({ api }: Pick<Fixture, "api">) => {
  const response = await api("GET", "/v2/dlq?source=qstash");
  return ((await response.json()) as { messages: Array<Record<string, unknown>> }).messages;
};

test("the published client sends a batch of plain messages, and each is delivered signed, with its body and headers", async () => {
  const fixture = await startFixture();
  cleanups.push(fixture.close);
  const { endpoint, engine } = fixture;
  const url = endpoint.route("/batch", () => new Response());
  const client = new QStash({ baseUrl: engine.url, token, enableTelemetry: false });
  const published = await client.batchJSON(
    [0, 1, 2].map((n) => ({
      url,
      body: { n },
      headers: { "x-own": `h${n}` },
      retries: 3,
      retryDelay: RETRY_DELAY,
      deduplicationId: `evt_${n}-wh_1`,
      flowControl: { key: "hook-wh_1", parallelism: 2 },
    })),
  );
  expect(new Set(published.map(({ messageId }) => messageId)).size).toBe(3);
  await waitFor(() => at(endpoint, "/batch").length === 3, "three deliveries");
  const receiver = new Receiver({ currentSigningKey: keys.currentKey, nextSigningKey: keys.nextKey });
  for (const { headers, body } of at(endpoint, "/batch")) {
    const { n } = JSON.parse(body) as { n: number };
    expect(headers["x-own"]).toBe(`h${n}`);
    const signature = headers["upstash-signature"] ?? "";
    expect(await receiver.verify({ signature, body, url, clockTolerance: 5 })).toBe(true);
  }
  expect(engine.stats().apiCalls).toMatchObject({ "POST /v2/batch": 1 });
  expect(engine.stats().flow["hook-wh_1"]?.inFlightMax).toBeLessThanOrEqual(2);
});

test("a refused plain message is attempted after 1 min, 20 min and 6 h 40 min, then it is a dead letter", async () => {
  const fixture = await startStill();
  const { endpoint, forward, settled } = fixture;
  const url = endpoint.route("/refusing", () => new Response("no", { status: 500 }));
  const [message] = await publish(fixture, [item(url, { id: 1 })]);
  await settled(1);
  for (const [n, minutes] of [1, 20, 400].entries()) {
    await forward(minutes * MINUTE_MS - 1);
    await settled(n + 1);
    await forward(1);
    await settled(n + 2);
  }
  const attempts = at(endpoint, "/refusing");
  expect(attempts.map(({ headers }) => headers["upstash-retried"])).toEqual(["0", "1", "2", "3"]);
  expect(new Set(attempts.map(({ body }) => body))).toEqual(new Set(['{"id":1}']));
  expect(new Set(attempts.map(({ headers }) => headers["upstash-message-id"]))).toEqual(
    new Set([message?.messageId]),
  );
  expect(await letters(fixture)).toMatchObject([
    {
      messageId: message?.messageId,
      url,
      body: '{"id":1}',
      responseStatus: 500,
      responseBody: "no",
      maxRetries: 3,
    },
  ]);
  expect(fixture.engine.stats().pending).toBe(0);
});

test.each([
  ["seconds", "3600", 60],
  ["a day", "86400", 1440],
  ["more than a day", "86401", 1],
  ["no integer", "1e9", 1],
  ["a thousand million seconds", "1000000000", 1],
  ["something unreadable", "soon", 1],
])("Retry-After of %s (%s) makes a plain message wait %i min", async (_what, retryAfter, minutes) => {
  const fixture = await startStill();
  const { endpoint, forward, settled } = fixture;
  const busy = () => new Response("busy", { status: 429, headers: { "retry-after": retryAfter } });
  await publish(fixture, [item(endpoint.route("/busy", busy), {})]);
  await settled(1);
  await forward(minutes * MINUTE_MS - 1);
  await settled(1);
  await forward(1);
  await settled(2);
});

test("an answer of 489 makes a plain message a dead letter at its first attempt", async () => {
  const fixture = await startStill();
  const { endpoint, forward, settled } = fixture;
  await publish(fixture, [
    item(
      endpoint.route("/over", () => new Response(null, { status: 489 })),
      {},
    ),
  ]);
  await settled(1);
  await forward(24 * 60 * MINUTE_MS);
  await settled(1);
  expect(await letters(fixture)).toMatchObject([{ responseStatus: 489 }]);
});

test("a deduplication id is taken for ten minutes", async () => {
  const fixture = await startStill();
  const url = fixture.endpoint.route("/once", () => new Response());
  const message = item(url, {}, { "upstash-deduplication-id": "evt_1-wh_1" });
  const [first, second] = await publish(fixture, [message, message]);
  expect(second).toEqual({ messageId: first?.messageId, deduplicated: true });
  await fixture.forward(10 * MINUTE_MS - 1);
  expect(await publish(fixture, [message])).toEqual([second]);
  await fixture.forward(1);
  expect((await publish(fixture, [message]))[0]?.deduplicated).toBeUndefined();
  await fixture.settled(2);
});

test("a message for a slow endpoint does not wait in front of those for others", async () => {
  const fixture = await startFixture({ plan: "free" });
  cleanups.push(fixture.close);
  let release: () => void = () => undefined;
  const released = new Promise<Response>((resolve) => (release = () => resolve(new Response())));
  const { endpoint } = fixture;
  const slow = endpoint.route("/slow", () => released.then((response) => response.clone()));
  const quick = endpoint.route("/quick", () => new Response());
  const lane = (key: string) => ({
    "upstash-flow-control-key": key,
    "upstash-flow-control-value": "parallelism=5",
  });
  await publish(fixture, [
    ...Array.from({ length: 30 }, (_, n) => item(slow, { n }, lane("hook-slow"))),
    item(quick, {}, lane("hook-quick")),
  ]);
  await waitFor(() => at(endpoint, "/quick").length === 1, "the quick endpoint");
  expect(at(endpoint, "/slow").length).toBeLessThanOrEqual(5);
  release();
  await waitFor(() => at(endpoint, "/slow").length === 30, "the slow endpoint");
});

test("plain messages, their retries, due times and deduplication ids survive kills of the engine", async () => {
  const directory = temporaryDirectory();
  cleanups.push(() => directory.remove());
  const claims = new PortClaims();
  cleanups.push(() => claims.release());
  const options = {
    port: await claims.takeFree(),
    dataFile: `${directory.path}/engine.sqlite`,
    timeScale: 1,
  };
  let engine = await startEngineProcess(options);
  cleanups.push(() => engine.kill());
  const { url } = engine;
  const restart = async () => {
    await engine.kill();
    engine = await startEngineProcess(options);
  };
  const { api } = connect(() => url);
  const endpoint = await startEndpoint(() => url);
  cleanups.push(() => endpoint.close());
  let isUp = false;
  const target = endpoint.route("/down", () => new Response(null, { status: isUp ? 200 : 503 }));
  const items = Array.from({ length: 100 }, (_, n) =>
    item(target, { n }, { "upstash-deduplication-id": `evt_${n}-wh_1` }),
  );
  const published = await publish({ api }, items);
  await restart();
  await waitFor(() => at(endpoint, "/down").length >= 100, "the first attempts");
  const stats = async () =>
    (await (await api("GET", "/_test/stats")).json()) as { pending: number; inFlight: number };
  await waitFor(async () => (await stats()).inFlight === 0, "the engine to have settled them");
  await restart();
  expect((await publish({ api }, items)).map(({ messageId }) => messageId)).toEqual(
    published.map(({ messageId }) => messageId),
  );
  expect(await stats()).toMatchObject({ pending: 100, inFlight: 0 });
  isUp = true;
  await api("POST", "/_test/clock", { body: JSON.stringify({ forwardMs: MINUTE_MS }) });
  await restart();
  await waitFor(async () => (await stats()).pending === 0, "all deliveries");
  const delivered = at(endpoint, "/down").filter(({ status }) => status === 200);
  const numbers = new Set(delivered.map(({ body }) => (JSON.parse(body) as { n: number }).n));
  expect(numbers.size).toBe(100);
  expect(new Set(delivered.map(({ headers }) => headers["upstash-retried"]))).toEqual(new Set(["1"]));
}, 30_000);
