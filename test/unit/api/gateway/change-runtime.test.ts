import { beforeEach, describe, expect, test } from "vitest";
import { chargerBody, type Gateway, openGateway } from "./gateway.ts";

let gateway: Gateway;
let id: string;
beforeEach(async () => {
  gateway = await openGateway();
  id = await create();
  gateway.fleet.setReady(id);
});

async function create(over: Record<string, unknown> = {}): Promise<string> {
  const body = chargerBody(gateway.location().id, over);
  const { json } = await gateway.call("/ocpp/chargers", { body });
  return (json as { charger_id: string }).charger_id;
}

const post = (event: string, of = id, options: object = {}) =>
  gateway.call(`/ocpp/chargers/${of}/${event}-charger`, { method: "POST", ...options });

describe.each([
  ["start", 1],
  ["stop", 0],
  ["restart", 1],
])("%s", (event, desiredCount) => {
  test("is accepted with what was stored", async () => {
    const answer = await post(event);
    expect([answer.status, answer.json]).toEqual([
      202,
      {
        id,
        event_type: `${event}_charger`,
        ocpp_version: "OCPP2.0.1",
        payload: {
          provider: "cloudflare",
          runtime_kind: "durable_object",
          service_name: id,
          desired_count: desiredCount,
          status: "ACTIVE",
        },
      },
    ]);
    expect(gateway.fleet.settingsOf(id).desiredCount).toBe(desiredCount);
  });

  test("takes no body, an empty one with a Content-Type, and an empty object", async () => {
    const headers = { "content-type": "application/json" };
    expect((await post(event, id, { headers })).status).toBe(202);
    expect((await post(event, id, { body: "" })).status).toBe(202);
    expect((await post(event, id, { body: "{}" })).status).toBe(202);
    expect((await post(event, id, { body: "[]" })).status).toBe(422);
    expect((await post(event, id, { body: "{" })).status).toBe(422);
  });

  test("is refused before the charger is READY, and for an external one", async () => {
    const pending = await create({ identity: "PENDING" });
    const early = await post(event, pending);
    expect([early.status, early.json]).toEqual([409, { detail: "Charger is not provisioned" }]);
    const external = await create({ identity: "EXT", ws_url: null, runtime: "external" });
    gateway.fleet.setReady(external);
    const real = await post(event, external);
    expect([real.status, real.json]).toEqual([409, { detail: "Charger runtime is external" }]);
  });

  test("of an unknown, malformed or foreign charger is a 404", async () => {
    const stranger = gateway.fleet.addOrganization();
    const token = await gateway.token({ org: stranger.id, role: "operator" });
    const answers = [
      await post(event, "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10"),
      await post(event, "dep-123"),
      await post(event, id, { token }),
    ];
    for (const answer of answers)
      expect([answer.status, answer.json]).toEqual([404, { detail: "Charger not found" }]);
    expect(gateway.fleet.effects).toEqual([]);
  });
});

test("a request without a change does not reach the runtime; a restart always does", async () => {
  await post("start");
  expect(gateway.fleet.effects).toHaveLength(0);
  await post("stop");
  await post("stop");
  expect(gateway.fleet.effects).toHaveLength(1);
  await post("start");
  await post("restart");
  await post("restart");
  expect(gateway.fleet.effects).toHaveLength(4);
});
