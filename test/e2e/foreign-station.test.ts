import { RPCClient } from "ocpp-rpc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { loadValidators, type Finding } from "../../src/ocpp/validators.ts";
import type { OcppVersion } from "../../src/ocpp/version.ts";
import { call } from "../harness/fleet.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const registration = z.object({
  chargeBoxId: z.string(),
  connectionUrl: z.string(),
  authorizationKey: z.string(),
  instructions: z.object({ baseUrl: z.string() }),
});

async function register(chargeBoxId: string) {
  const { status, body } = await call(stack, "POST", "/api/v1/chargers", { chargeBoxId });
  expect(status).toBe(201);
  return registration.parse(body);
}

interface Dialect {
  protocol: OcppVersion;
  boot: Record<string, unknown>;
  connector: Record<string, unknown>;
  /** What a soft reset looks like to the station. */
  softReset: string;
}

const chargingStation = { vendorName: "Acme", model: "One" };
const statusOf2x = {
  timestamp: new Date().toISOString(),
  connectorStatus: "Available",
  evseId: 1,
  connectorId: 1,
};
const dialects: Dialect[] = [
  {
    protocol: "ocpp1.6",
    boot: { chargePointVendor: "Acme", chargePointModel: "One" },
    connector: { connectorId: 1, errorCode: "NoError", status: "Available" },
    softReset: "Soft",
  },
  {
    protocol: "ocpp2.0.1",
    boot: { reason: "PowerUp", chargingStation },
    connector: statusOf2x,
    softReset: "OnIdle",
  },
  {
    protocol: "ocpp2.1",
    boot: { reason: "PowerUp", chargingStation },
    connector: statusOf2x,
    softReset: "OnIdle",
  },
];

const validators21 = await loadValidators("ocpp2.1");
/** The client does not find the schemas of 2.1 under their names, so payloads of 2.1 are checked here. */
const checkedHere = (protocol: string) => (protocol === "ocpp2.1" ? validators21 : null);

async function say(client: RPCClient, action: string, payload: Record<string, unknown>) {
  const validators = checkedHere(client.protocol);
  expect(validators?.request(action, payload) ?? null).toBeNull();
  const answer = await client.call(action, payload);
  expect(validators?.response(action, answer) ?? null).toBeNull();
  return answer;
}

describe.each(dialects)("an independent charge point speaks $protocol", (dialect) => {
  const identity = `REAL-${dialect.protocol}`;
  let client: RPCClient;
  const resets: unknown[] = [];
  const breaches: Array<Finding | null> = [];

  function station(password: string | Buffer, baseUrl: string, protocols = [dialect.protocol]) {
    const made = new RPCClient({
      endpoint: baseUrl,
      identity,
      protocols,
      password,
      strictMode: checkedHere(dialect.protocol) === null,
      reconnect: false,
    });
    made.handle("Reset", ({ params }) => {
      resets.push(params["type"]);
      breaches.push(checkedHere(dialect.protocol)?.request("Reset", params) ?? null);
      return { status: "Accepted" };
    });
    return made;
  }

  let registered: z.infer<typeof registration>;
  beforeAll(async () => {
    registered = await register(identity);
    client = station(registered.authorizationKey, registered.instructions.baseUrl);
    await client.connect();
  });
  afterAll(() => client.close());

  test("it connects with Basic auth, boots and reports its connector", async () => {
    expect(client.protocol).toBe(dialect.protocol);
    const boot = await say(client, "BootNotification", dialect.boot);
    expect(boot).toMatchObject({ status: "Accepted", interval: 300, currentTime: expect.any(String) });
    expect(await say(client, "StatusNotification", dialect.connector)).toEqual({});
    expect(await say(client, "Heartbeat", {})).toEqual({ currentTime: expect.any(String) });
    const { body } = await call(stack, "GET", `/api/v1/chargers/${identity}`);
    expect(body).toMatchObject({
      isOnline: true,
      vendor: "Acme",
      model: "One",
      ocppVersion: dialect.protocol,
      connectors: [{ connectorId: 1, status: "Available" }],
    });
  });

  test("it answers a Reset that was sent over the API", async () => {
    const { status, body } = await call(stack, "POST", `/api/v1/chargers/${identity}/reset`, {
      type: "Soft",
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      message: "Soft reset accepted by charger",
      chargeBoxId: identity,
      type: "Soft",
      status: "accepted",
    });
    expect(resets).toEqual([dialect.softReset]);
    expect(breaches).toEqual([null]);
  });

  test("it is refused with a wrong key, and the open socket is not affected", async () => {
    const intruder = station("0".repeat(40), registered.instructions.baseUrl);
    await expect(intruder.connect()).rejects.toThrow();
    expect(await say(client, "Heartbeat", {})).toEqual({ currentTime: expect.any(String) });
  });

  test("its second connection replaces the first", async () => {
    const closed = new Promise<number>((resolve) => {
      client.on("close", ({ code }: { code: number }) => resolve(code));
    });
    // OCPP-J 1.6 sends the key's raw bytes, 2.x its text; both are the same credential.
    const raw = dialect.protocol === "ocpp1.6";
    const key = raw ? Buffer.from(registered.authorizationKey, "hex") : registered.authorizationKey;
    const next = station(key, registered.instructions.baseUrl);
    await next.connect();
    expect(await closed).toBe(4001);
    expect(await say(next, "Heartbeat", {})).toEqual({ currentTime: expect.any(String) });
    await next.close();
    const offline = await waitFor("the charger offline", async () => {
      const answer = await call(stack, "POST", `/api/v1/chargers/${identity}/reset`, { type: "Hard" });
      return answer.status === 503 ? answer : false;
    });
    expect(offline.headers.get("retry-after")).toBe("30");
    expect(offline.body).toMatchObject({
      success: false,
      error: { code: "SERVICE_UNAVAILABLE", message: `Charger ${identity} is not connected` },
    });
  });
});

test("an identity that is not registered is refused at the upgrade", async () => {
  const unknown = new RPCClient({
    endpoint: `${stack.url.replace("http", "ws")}/ocpp/${stack.organizationSlug}`,
    identity: "NOBODY",
    protocols: ["ocpp1.6"],
    password: "x".repeat(20),
    reconnect: false,
  });
  await expect(unknown.connect()).rejects.toThrow("Not Found");
});
