import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { PortClaims } from "../../../dev/stack/port-claims.ts";
import type { ReplayMarks, StoredEvent } from "../../../src/ports.ts";
import { deliveriesOf, publishDeliveries } from "../../../src/webhooks/publish-deliveries.ts";
import { startReplay } from "../../../src/webhooks/replay-webhook.ts";
import { sweepDeliveries } from "../../../src/webhooks/sweep-deliveries.ts";
import { messagePublisher } from "../../../workflows/message-publisher.ts";
import { stepRoutes } from "../../../workflows/index.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";
import { waitFor } from "../../harness/wait-for.ts";
import { answering, startReceiver } from "../../harness/webhook-receiver.ts";
import { createWorld } from "../api/access-world.ts";
import { connect } from "../dev/engine/engine-fixture.ts";
import { startEngineProcess } from "../dev/engine/engine-process.ts";
import { keys, token } from "../dev/engine/workflow-endpoint.ts";
import { SECRET, webhookScene } from "./webhook-scene.ts";

let db: Database;
beforeAll(async () => {
  // Of a server that is shared, transactions of other tests hold up replays.
  db = await openDatabase({ isShared: false });
});
afterAll(() => db.close());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Delivery marks as Redis keeps them. */
function memoryMarks(): ReplayMarks {
  const marks = new Map<string, "started" | "done">();
  return {
    begin: async (id) => {
      const known = marks.get(id);
      if (known === undefined) marks.set(id, "started");
      return known ?? "new";
    },
    finish: (id) => void marks.set(id, "done"),
    forget: async (id) => void marks.delete(id),
  };
}

/** Serves the step endpoints of a world at an address of its own. */
async function serveSteps(fetchSteps: () => (request: Request) => Response | Promise<Response>) {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const headers = incoming.headers as Record<string, string>;
      const init = { method: incoming.method ?? "POST", headers, body: Buffer.concat(chunks) };
      const url = `http://${incoming.headers.host}${incoming.url}`;
      void Promise.resolve(fetchSteps()(new Request(url, init))).then(async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Engine in a process of its own, endpoints behind the guard, database and a foreign receiver: everything but the runtime. */
async function openPipeline() {
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
  const receiver = await startReceiver(SECRET);
  cleanups.push(() => receiver.close());
  let steps: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 503 });
  const origin = await serveSteps(() => steps);
  const scene = await webhookScene(db);
  const world = createWorld(
    {
      BUSBAR_ENV: "development",
      ALLOW_PRIVATE_TARGETS: "true",
      PUBLIC_BASE_URL: origin,
      QSTASH_URL: engine.url,
      QSTASH_TOKEN: token,
      QSTASH_CURRENT_SIGNING_KEY: keys.currentKey,
      QSTASH_NEXT_SIGNING_KEY: keys.nextKey,
    },
    { ...scene.ports, replayMarks: memoryMarks() },
  );
  const messages = messagePublisher(world.config);
  const ports = Object.assign(world.ports, { messages, clock: scene.ports.clock });
  const routes = stepRoutes(ports, world.config);
  const waiting = { waitUntil: () => undefined, passThroughOnException() {}, props: {} };
  steps = (request) => routes.fetch(request, {}, waiting);
  const { api } = connect(() => engine.url);
  const ask = async (method: string, path: string, body?: object): Promise<unknown> =>
    (await api(method, path, body ? { body: JSON.stringify(body) } : {})).json();
  const id = await scene.hook(receiver.url);
  return {
    ...scene,
    ports,
    receiver,
    id,
    async events(count: number): Promise<StoredEvent[]> {
      const events: StoredEvent[] = [];
      for (let n = 0; n < count; n += 1) {
        scene.clock.ms += 1;
        events.push(...(await scene.connected()));
      }
      return events;
    },
    publish: (events: StoredEvent[]) => publishDeliveries(ports, deliveriesOf(events)),
    /** Moves the engine's time. */
    forward: (minutes: number) => ask("POST", "/_test/clock", { forwardMs: minutes * 60_000 }),
    faults: (faults: object) => ask("POST", "/_test/faults", faults),
    deadLetters: async () =>
      ((await ask("GET", "/v2/dlq?source=qstash")) as { messages: unknown[] }).messages,
    async restartEngine() {
      await engine.kill();
      engine = await startEngineProcess(options);
    },
    /** Lets the sweeper find what did not get on, as if its time were over. */
    async sweepLater() {
      scene.clock.ms += 3 * 60_000;
      await sweepDeliveries(ports, scene.clock.ms + 10_000);
    },
    settled: (status: string, attempts: number) =>
      waitFor(`all ${status} after ${attempts} attempts`, async () => {
        const rows = await scene.deliveries(id);
        return rows.every((row) => row.status === status && row.attempts === attempts);
      }),
  };
}

test("a receiver that is down for an hour loses no event, and a replay brings back exactly what is asked", async () => {
  const { events, publish, settled, forward, receiver, id, ports, organization } = await openPipeline();
  receiver.behaviour = answering(503);
  const told = await events(30);
  await publish(told);
  for (const [attempts, minutes] of [
    [1, 1],
    [2, 20],
    [3, 39],
  ] as const) {
    await settled("pending", attempts);
    await forward(minutes);
  }
  receiver.behaviour = (response) => void response.end();
  expect(receiver.received).toHaveLength(90);
  await forward(361);
  await settled("delivered", 4);
  const ids = told.map((event) => event.id);
  expect(receiver.ids().slice(90).toSorted()).toEqual(ids.toSorted());
  for (const eventId of ids) {
    const tries = receiver.received.filter(({ headers }) => headers["webhook-id"] === eventId);
    expect([tries.length, new Set(tries.map(({ body }) => body)).size]).toEqual([4, 1]);
  }
  expect(receiver.received.filter(({ verified }) => verified instanceof Error)).toEqual([]);
  receiver.received.length = 0;
  const cause = { organizationId: organization.id, webhookId: id };
  await startReplay(ports, cause, { id: ids[9] ?? "" }, () => undefined);
  await waitFor("the replayed events", () => receiver.received.length === 20);
  await waitFor("the end of the replay", async () => {
    const again = await db.stores.webhooks.startReplay(
      organization.id,
      id,
      { id: ids.at(-1) ?? "" },
      new Date(),
    );
    return again === "started";
  });
  expect(receiver.ids().toSorted()).toEqual(ids.slice(10).toSorted());
}, 60_000);

test("a receiver that stays down gets four attempts of each event, which then has failed and is a dead letter", async () => {
  const { events, publish, settled, forward, receiver, deadLetters, deliveries, id } = await openPipeline();
  receiver.behaviour = answering(500);
  await publish(await events(3));
  for (const [attempts, minutes] of [
    [1, 1],
    [2, 20],
    [3, 400],
  ] as const) {
    await settled("pending", attempts);
    await forward(minutes);
  }
  await settled("failed", 4);
  await waitFor("the dead letters", async () => (await deadLetters()).length === 3);
  await forward(3 * 24 * 60);
  expect(receiver.received).toHaveLength(12);
  expect((await deliveries(id)).map(({ responseStatus }) => responseStatus)).toEqual([500, 500, 500]);
}, 60_000);

test("Retry-After of a receiver is heeded up to a day, and what is longer is a day", async () => {
  const { events, publish, settled, forward, receiver } = await openPipeline();
  receiver.behaviour = answering(429, { "retry-after": "1000000000" });
  await publish(await events(1));
  await settled("pending", 1);
  receiver.behaviour = (response) => void response.end();
  await forward(24 * 60 - 1);
  expect(receiver.received).toHaveLength(1);
  await forward(1);
  await settled("delivered", 2);
});

test("kill -9 of the engine between any two steps loses no delivery", async () => {
  const { events, publish, settled, restartEngine, forward, receiver, id, deliveries } = await openPipeline();
  const told = await events(120);
  receiver.behaviour = (response, { headers }) => {
    const isFirst =
      receiver.received.filter((one) => one.headers["webhook-id"] === headers["webhook-id"]).length === 1;
    response.writeHead(isFirst ? 503 : 200).end();
  };
  await publish(told);
  await restartEngine();
  await waitFor("the first attempts", async () =>
    (await deliveries(id)).every(({ attempts }) => attempts >= 1),
  );
  await restartEngine();
  await forward(1);
  await waitFor("some deliveries", () => receiver.received.length > 150);
  await restartEngine();
  await settled("delivered", 2);
  expect(new Set(receiver.ids())).toEqual(new Set(told.map((event) => event.id)));
}, 60_000);

test("what the engine refuses, all of it or a part of a batch, is published by the sweeper and delivered", async () => {
  const { events, publish, faults, sweepLater, settled, receiver } = await openPipeline();
  const told = await events(10);
  await faults({ publishAnswer: { status: 500, count: 2 } });
  await expect(publish(told.slice(0, 4))).rejects.toThrow("did not take the message");
  await faults({ publishAnswer: null, refuseItems: [1, 2] });
  await publish(told.slice(4));
  await waitFor("what was taken", () => new Set(receiver.ids()).size === 4);
  await faults({ refuseItems: [] });
  await sweepLater();
  await settled("delivered", 1);
  expect(new Set(receiver.ids()).size).toBe(10);
});

test("messages that come twice, at once or after each other, are recorded once, and none is refused by the receiver", async () => {
  const { events, publish, faults, settled, receiver } = await openPipeline();
  await faults({ duplicateEvery: 2, duplicateMode: "concurrent", loseResponseEvery: 3 });
  const told = await events(12);
  await publish(told);
  await settled("delivered", 1);
  expect(new Set(receiver.ids())).toEqual(new Set(told.map((event) => event.id)));
  expect(receiver.received.filter(({ verified }) => verified instanceof Error)).toEqual([]);
});
