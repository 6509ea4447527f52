import { createServer } from "node:http";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { z } from "zod";
import { expectNoTrace, onlineCount } from "../harness/auditor.ts";
import { call, postBatch, type Batch } from "../harness/fleet.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { upgradeStatus } from "../harness/upgrade-status.ts";
import { waitFor } from "../harness/wait-for.ts";

/** A bulk change takes at most 1,000 chargers; by default a fifth of it, to stay within a minute each. */
const CHARGERS = process.env["BUSBAR_FULL"] === "1" ? 1000 : 200;
const DEADLINE_MS = 150_000;

let directory: ReturnType<typeof temporaryDirectory>;
let stack: RunningStack;
beforeEach(async () => {
  directory = temporaryDirectory();
  stack = await startStack({
    dataDirectory: directory.path,
    env: { OCPP_UPGRADE_FAILURE_LIMIT: "1000000" },
  });
});
afterEach(async () => {
  await stack.stop();
  directory.remove();
});

const connection = z.object({ isOnline: z.boolean(), ocppVersion: z.string().nullable() });
const changed = z.object({ updated: z.array(z.object({ id: z.string() })), failed: z.array(z.unknown()) });
const logs = z.object({
  total: z.number(),
  data: z.array(z.object({ direction: z.string(), action: z.string().nullable(), message: z.string() })),
});

interface Station {
  id: string;
  identity: string;
}

/** Simulated chargers that are READY and on line. */
async function readyFleet(chargers: number): Promise<{ batch: Batch; stations: Station[] }> {
  const batch = await postBatch(stack, { chargers });
  const { status, results } = await batch.finished(DEADLINE_MS);
  expect([status, results?.failed]).toEqual(["READY", []]);
  await waitFor("the whole fleet on line", async () => (await onlineCount(stack)) === chargers, 60_000);
  return { batch, stations: results?.created ?? [] };
}

async function connectionOf({ identity }: Station) {
  const { body } = await call(stack, "GET", `/api/v1/chargers/${identity}`);
  return connection.parse(body);
}

/** Takes the stations that are connected with this version off the list; true when it is empty. */
async function withVersion(waiting: Set<Station>, version: string): Promise<boolean> {
  const some = [...waiting].slice(0, 50);
  const found = await Promise.all(some.map(connectionOf));
  for (const [at, station] of some.entries())
    if (found[at]?.isOnline && found[at].ocppVersion === version) waiting.delete(station);
  return waiting.size === 0;
}

async function boots(id: string): Promise<Array<Record<string, unknown>>> {
  const { status, body } = await call(
    stack,
    "GET",
    `/ocpp/chargers/${id}/logs?event=bootnotification&limit=1000`,
  );
  expect(status).toBe(200);
  const calls = logs.parse(body).data.filter(({ direction }) => direction === "cp_to_csms");
  return calls.map(
    ({ message }) =>
      z
        .tuple([z.literal(2), z.string(), z.string(), z.record(z.string(), z.unknown())])
        .parse(JSON.parse(message))[3],
  );
}

const isOnline = async (station: Station) => (await connectionOf(station)).isOnline;

const runtime = async (id: string, event: "start" | "stop" | "restart") =>
  (await call(stack, "POST", `/ocpp/chargers/${id}/${event}-charger`)).status;

describe.each([
  ["without disturbance", false],
  ["with a kill -9 of the Worker in the middle", true],
])(`a change of ${CHARGERS} running chargers %s`, (_, isKilled) => {
  test("reaches every station: all come back with the new version", async () => {
    const { batch, stations } = await readyFleet(CHARGERS);
    const path = `/ocpp/locations/${batch.locationId}/chargers`;
    const { status, body } = await call(stack, "PUT", path, { ocpp_version: "OCPP2.0.1" });
    expect(status).toBe(200);
    expect(changed.parse(body)).toMatchObject({ failed: [], updated: { length: CHARGERS } });
    const waiting = new Set(stations);
    if (isKilled) {
      const isUnderWay = async () => (await withVersion(waiting, "ocpp2.0.1")) || waiting.size < CHARGERS;
      await waitFor("the first changed station", isUnderWay, 60_000);
      await stack.replacePart("worker");
    }
    await waitFor("every station with the new version", () => withVersion(waiting, "ocpp2.0.1"), DEADLINE_MS);
  });

  test("that deletes them leaves no record, socket, credential or runtime behind", async () => {
    const { batch, stations } = await readyFleet(CHARGERS);
    const path = `/ocpp/locations/${batch.locationId}/chargers`;
    const ids = stations.map(({ id }) => id);
    const { status, body } = await call(stack, "DELETE", path, { charger_ids: ids });
    expect([status, body]).toEqual([200, { deleted: ids, failed: [] }]);
    if (isKilled) {
      await waitFor("the first station gone", async () => (await onlineCount(stack)) < CHARGERS);
      await stack.replacePart("worker");
    }
    expect(await onlineCount(stack)).toBe(0);
    for (const { id } of stations.slice(0, 20))
      expect((await call(stack, "GET", `/ocpp/chargers/${id}/logs`)).status).toBe(404);
    for (const { identity } of stations)
      await waitFor(
        `no session for ${identity}`,
        async () => (await upgradeStatus(stack.url, stack.organizationSlug, identity)) === 404,
        DEADLINE_MS,
      );
    expect((await call(stack, "GET", path)).body).toMatchObject({ data: [], total: 0 });
    expect((await call(stack, "DELETE", `/ocpp/locations/${batch.locationId}`)).status).toBe(200);
    expect((await batch.read()).results?.created).toHaveLength(CHARGERS);
    await stack.stop();
    expectNoTrace(directory.path);
  });
});

test("a stopped charger stays off over a restart of everything, and start brings it back", async () => {
  const { stations } = await readyFleet(2);
  const [stopped, running] = stations;
  if (!stopped || !running) throw new Error("two stations are needed");
  expect(await runtime(stopped.id, "stop")).toBe(202);
  await waitFor("the stopped charger off line", async () => !(await isOnline(stopped)));
  const reset = () => call(stack, "POST", `/api/v1/chargers/${stopped.identity}/reset`, { type: "Soft" });
  expect((await reset()).status).toBe(503);

  await stack.stop();
  stack = await startStack({ dataDirectory: directory.path });
  await waitFor("the other one on line", () => isOnline(running), 60_000);
  expect(await isOnline(stopped)).toBe(false);
  expect((await reset()).status).toBe(503);
  expect(await runtime(stopped.id, "start")).toBe(202);
  await waitFor("the charger started again", () => isOnline(stopped), 30_000);
  expect((await reset()).status).toBe(200);
});

test("a restart costs one BootNotification, a start of a running charger none", async () => {
  const [station] = (await readyFleet(1)).stations;
  if (!station) throw new Error("a station is needed");
  expect(await boots(station.id)).toHaveLength(1);
  expect(await runtime(station.id, "start")).toBe(202);
  expect(await runtime(station.id, "restart")).toBe(202);
  await waitFor("the second boot", async () => (await boots(station.id)).length === 2 && isOnline(station));
});

test("a running charger takes a new version, connector type and CSMS without being touched", async () => {
  const [station] = (await readyFleet(1)).stations;
  if (!station) throw new Error("a station is needed");
  const put = async (body: object) =>
    expect((await call(stack, "PUT", `/ocpp/chargers/${station.id}`, body)).status).toBe(200);
  expect(await boots(station.id)).toEqual([
    expect.objectContaining({ chargePointVendor: expect.any(String) }),
  ]);

  await put({ ocpp_version: "OCPP2.0.1" });
  const second = await waitFor(
    "a boot in the form of 2.0.1",
    async () => (await boots(station.id)).length === 2 && boots(station.id),
  );
  expect(second[0]).toMatchObject({
    reason: expect.any(String),
    chargingStation: { vendorName: expect.any(String) },
  });

  await put({ connector_type: "CCS2" });
  await waitFor("a boot with the new connector", async () => (await boots(station.id)).length === 3);

  const csms = await foreignCsms();
  await put({ ws_url: csms.url });
  await waitFor("the station at the other CSMS", () => csms.paths.includes(`/other/${station.identity}`));
  await waitFor("our socket empty", async () => !(await isOnline(station)));
  await put({ ws_url: null });
  await waitFor("the station back", () => isOnline(station), 30_000);
  await csms.close();
});

/** A CSMS that accepts every boot, elsewhere. */
async function foreignCsms() {
  const paths: string[] = [];
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered][0] ?? false });
  sockets.on("connection", (socket, request) => {
    paths.push(request.url ?? "");
    socket.on("message", (data) => {
      const [, id, action]: unknown[] = JSON.parse(String(data));
      const answer =
        action === "BootNotification"
          ? { status: "Accepted", currentTime: new Date().toISOString(), interval: 300 }
          : {};
      socket.send(JSON.stringify([3, id, answer]));
    });
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const close = async () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    server.close();
  };
  return { url: `ws://127.0.0.1:${port}/other`, paths, close };
}
