import { beforeEach, expect, test } from "vitest";
import { type Gateway, group, openGateway } from "./gateway.ts";

let gateway: Gateway;
let path: string;
beforeEach(async () => {
  gateway = await openGateway();
  path = `/ocpp/locations/${gateway.location().id}/chargers`;
});

const EXAMPLE = [
  {
    template: {
      brand_slug: "schneider",
      model_slug: "evlink-pro-ac-22kw",
      connector_type: "CCS2",
      ws_url: "wss://ocpp.ocpplab.com",
      ocpp_version: "OCPP1.6",
      identity_prefix: "SITE_A_",
      template_name: "Charger",
    },
    charger_ids: ["001", "002"],
    chargers_number: 5,
  },
];

test("the documented batch is accepted with the place to poll", async () => {
  const answer = await gateway.call(path, { body: EXAMPLE });
  const job = answer.json as { job_id: string; status_url: string };
  expect(answer.status).toBe(202);
  expect(job).toEqual({
    job_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    status: "PROVISIONING",
    status_url: `${path}/jobs/${job.job_id}`,
    workflow_run_id: `wfr_${job.job_id}`,
  });
  expect(gateway.fleet.published).toEqual([`wfr_${job.job_id}`]);
  expect(answer.headers.get("location")).toBe(job.status_url);
  expect(answer.headers.get("retry-after")).toBe("1");
  const identities = [...gateway.fleet.chargers.values()].map(({ identity }) => identity);
  expect(identities.slice(0, 2)).toEqual(["SITE_A_001", "SITE_A_002"]);
  expect(identities.slice(2)).toEqual(Array(3).fill(expect.stringMatching(/^SITE_A_[0-9a-f]{8}$/)));
});

test("identities that exist do not refuse the batch", async () => {
  await gateway.call(path, { body: [group({ charger_ids: ["1"] })] });
  const answer = await gateway.call(path, { body: [group({ charger_ids: ["1", "2"] })] });
  expect(answer.status).toBe(202);
  const status = await gateway.call((answer.json as { status_url: string }).status_url);
  expect(status.json).toMatchObject({ progress: { total: 2, failed: 1, pending: 1 } });
});

test("a batch of taken identities only is PENDING and publishes nothing", async () => {
  await gateway.call(path, { body: [group({ charger_ids: ["1"] })] });
  const answer = await gateway.call(path, { body: [group({ charger_ids: ["1"] })] });
  expect(answer.json).toMatchObject({ status: "PENDING", workflow_run_id: null });
  expect(gateway.fleet.published).toHaveLength(1);
});

test("a repeat with its Idempotency-Key creates no second batch", async () => {
  const options = { body: EXAMPLE, headers: { "idempotency-key": "k" } };
  const first = await gateway.call(path, options);
  const again = await gateway.call(path, options);
  expect(again.text).toBe(first.text);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(gateway.fleet.chargers.size).toBe(5);
});

test("10,000 chargers pass in a body of more than 1 MiB", async () => {
  const ids = Array.from({ length: 10_000 }, (_, at) => `${"x".repeat(35)}${at}`);
  const body = JSON.stringify([group({ charger_ids: ids, note: "n".repeat(700_000) })]);
  expect(body.length).toBeGreaterThan(1024 * 1024);
  expect((await gateway.call(path, { body })).status).toBe(202);
  expect(gateway.fleet.chargers.size).toBe(10_000);
});

test("a body over 8 MiB is a 413", async () => {
  const answer = await gateway.call(path, { body: `["${"x".repeat(8 * 1024 * 1024)}"]` });
  expect([answer.status, answer.json]).toEqual([413, { detail: "Request body too large" }]);
});

test("a body of millions of wrong values is answered with at most 100 findings", async () => {
  const answer = await gateway.call(path, { body: `[${"0,".repeat(4_000_000)}0]` });
  expect(answer.json).toMatchObject({ detail: [{ type: "too_long", ctx: { actual_length: 4_000_001 } }] });
  const suffixes = `[{"template":{},"charger_ids":[${"0,".repeat(3_900_000)}0]}]`;
  const { detail } = (await gateway.call(path, { body: suffixes })).json as { detail: unknown[] };
  expect(detail).toHaveLength(100);
});

test("an unknown location is a 404, after the body was found right", async () => {
  const elsewhere = "/ocpp/locations/0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10/chargers";
  const answer = await gateway.call(elsewhere, { body: EXAMPLE });
  expect([answer.status, answer.json]).toEqual([404, { detail: "Location not found" }]);
  expect((await gateway.call(elsewhere, { body: [] })).status).toBe(422);
});
