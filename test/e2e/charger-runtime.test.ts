import { createServer } from "node:http";
import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { z } from "zod";
import { call } from "../harness/fleet.ts";
import { connectionOf, readyFleet, stackForEachTest, type Station } from "../harness/running-fleet.ts";
import { waitFor } from "../harness/wait-for.ts";

const own = stackForEachTest();

const logs = z.object({
  total: z.number(),
  data: z.array(z.object({ direction: z.string(), action: z.string().nullable(), message: z.string() })),
});

async function boots(id: string): Promise<Array<Record<string, unknown>>> {
  const { status, body } = await call(
    own.running,
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

const isOnline = async (station: Station) => (await connectionOf(own.running, station)).isOnline;

const runtime = async (id: string, event: "start" | "stop" | "restart") =>
  (await call(own.running, "POST", `/ocpp/chargers/${id}/${event}-charger`)).status;

test("a stopped charger stays off after a restart of the whole stack, and a start connects it again", async () => {
  const { stations } = await readyFleet(own.running, 2);
  const [stopped, running] = stations;
  if (!stopped || !running) throw new Error("two stations are needed");
  expect(await runtime(stopped.id, "stop")).toBe(202);
  await waitFor("the stopped charger off line", async () => !(await isOnline(stopped)));
  const reset = () =>
    call(own.running, "POST", `/api/v1/chargers/${stopped.identity}/reset`, { type: "Soft" });
  expect((await reset()).status).toBe(503);

  await own.restart();
  await waitFor("the other one on line", () => isOnline(running), 60_000);
  expect(await isOnline(stopped)).toBe(false);
  expect((await reset()).status).toBe(503);
  expect(await runtime(stopped.id, "start")).toBe(202);
  await waitFor("the charger started again", () => isOnline(stopped), 30_000);
  expect((await reset()).status).toBe(200);
});

test("a restart costs one BootNotification, a start of a running charger none", async () => {
  const [station] = (await readyFleet(own.running, 1)).stations;
  if (!station) throw new Error("a station is needed");
  expect(await boots(station.id)).toHaveLength(1);
  expect(await runtime(station.id, "start")).toBe(202);
  expect(await runtime(station.id, "restart")).toBe(202);
  await waitFor("the second boot", async () => (await boots(station.id)).length === 2 && isOnline(station));
});

test("a running charger applies a new version, connector type and CSMS without a restart by its operator", async () => {
  const [station] = (await readyFleet(own.running, 1)).stations;
  if (!station) throw new Error("a station is needed");
  const put = async (body: object) =>
    expect((await call(own.running, "PUT", `/ocpp/chargers/${station.id}`, body)).status).toBe(200);
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
