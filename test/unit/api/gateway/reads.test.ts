import { beforeEach, describe, expect, test } from "vitest";
import { chargerBody, type Gateway, group, openGateway } from "./gateway.ts";

let gateway: Gateway;
beforeEach(async () => {
  gateway = await openGateway();
});

async function createCharger(locationId: string, identity = "CP-1"): Promise<string> {
  const answer = await gateway.call("/ocpp/chargers", { body: chargerBody(locationId, { identity }) });
  return (answer.json as { charger_id: string }).charger_id;
}

test("the catalog lists the documented model with its fixed ids", async () => {
  const answer = await gateway.call("/ocpp/catalog/brands/wallbox/models/wallbox-pulsar-plus");
  expect(answer.json).toEqual({
    id: "550e8400-e29b-41d4-a716-446655440002",
    slug: "wallbox-pulsar-plus",
    name: "Pulsar Plus",
    brand_slug: "wallbox",
    brand_id: "550e8400-e29b-41d4-a716-446655440001",
    image_url: null,
    connector_count: 1,
    current_type: "ac",
    supported_kwh: [7.4, 22],
    connector_types: ["Type2"],
    created_at: "2026-03-01T09:00:00.000Z",
  });
  expect(answer.headers.get("cache-control")).toBe("private, no-cache");
});

test("an unknown brand and an unknown model have different messages", async () => {
  expect((await gateway.call("/ocpp/catalog/brands/acme/models")).json).toEqual({
    detail: "Brand not found",
  });
  expect((await gateway.call("/ocpp/catalog/brands/acme/models/x")).json).toEqual({
    detail: "Brand not found",
  });
  expect((await gateway.call("/ocpp/catalog/brands/abb/models/x")).json).toEqual({
    detail: "Model not found",
  });
  expect((await gateway.call("/ocpp/catalog/brands/ABB/models")).status).toBe(404);
});

describe("page lists", () => {
  test("pages have one stable order, and Link names the first, previous, next and last", async () => {
    const first = await gateway.call("/ocpp/catalog/brands?limit=2&page=2");
    const all = (await gateway.call("/ocpp/catalog/brands")).json as { data: unknown[]; total: number };
    expect(first.json).toEqual({ data: all.data.slice(2, 4), total: all.total, page: 2, limit: 2 });
    const last = Math.ceil(all.total / 2);
    expect(first.headers.get("link")).toBe(
      [
        '</ocpp/catalog/brands?limit=2&page=1>; rel="first"',
        '</ocpp/catalog/brands?limit=2&page=1>; rel="prev"',
        '</ocpp/catalog/brands?limit=2&page=3>; rel="next"',
        `</ocpp/catalog/brands?limit=2&page=${last}>; rel="last"`,
      ].join(", "),
    );
  });

  test("a page past the end is empty", async () => {
    const answer = await gateway.call("/ocpp/locations?page=2147483647&limit=100");
    expect(answer.json).toEqual({ data: [], total: 0, page: 2_147_483_647, limit: 100 });
  });

  test("of a repeated parameter the last counts, an empty filter counts as absent", async () => {
    const location = gateway.location();
    await createCharger(location.id);
    const answer = await gateway.call("/ocpp/chargers?limit=7&limit=5&location_id=");
    expect(answer.json).toMatchObject({ total: 1, limit: 5 });
  });

  test("links keep the other parameters", async () => {
    const { id } = gateway.location();
    const answer = await gateway.call(`/ocpp/chargers?location_id=${id}`);
    expect(answer.headers.get("link")).toContain(
      `</ocpp/chargers?location_id=${id}&page=1&limit=50>; rel="first"`,
    );
  });
});

test("chargers are listed by location, and by id within a location", async () => {
  const [here, there] = [gateway.location(), gateway.location()];
  const [a, b, c] = [
    await createCharger(here.id, "A"),
    await createCharger(here.id, "B"),
    await createCharger(there.id, "C"),
  ];
  const ids = async (path: string) => {
    const { data } = (await gateway.call(path)).json as { data: Array<{ id: string }> };
    return data.map(({ id }) => id);
  };
  expect(await ids("/ocpp/chargers")).toEqual([a, b, c]);
  expect(await ids(`/ocpp/chargers?location_id=${there.id}`)).toEqual([c]);
  expect(await ids(`/ocpp/locations/${here.id}/chargers`)).toEqual([a, b]);
  expect(
    await ids(`/ocpp/locations/${here.id}/chargers?charger_ids=${c}&charger_ids=${b}&charger_ids=dep-1`),
  ).toEqual([b]);
});

test("chargers are filtered by state, by how their identity begins and by both", async () => {
  const { id } = gateway.location();
  const [a1, a2, b1] = [
    await createCharger(id, "A-1"),
    await createCharger(id, "A-2"),
    await createCharger(id, "B-1"),
  ];
  gateway.fleet.setReady(a2);
  const ids = async (query: string) => {
    const { data } = (await gateway.call(`/ocpp/chargers?${query}`)).json as { data: Array<{ id: string }> };
    return data.map((row) => row.id);
  };
  expect(await ids("identity_prefix=A-")).toEqual([a1, a2]);
  expect(await ids("status=READY")).toEqual([a2]);
  expect(await ids("status=PENDING&identity_prefix=B")).toEqual([b1]);
  expect(await ids("status=&identity_prefix=&online=")).toEqual([a1, a2, b1]);
});

test("a filter value that cannot be is refused with all others, a parameter that is unknown has no effect", async () => {
  const query = "status=ready&identity_prefix=A%20B&online=yes&page=0&colour=red";
  const answer = await gateway.call(`/ocpp/chargers?${query}`);
  expect([answer.status, answer.json]).toEqual([
    422,
    {
      detail: [
        {
          type: "literal_error",
          loc: ["query", "status"],
          msg: "Input should be 'PENDING', 'PROVISIONING', 'READY' or 'FAILED'",
          input: "ready",
          ctx: { expected: "'PENDING', 'PROVISIONING', 'READY' or 'FAILED'" },
        },
        {
          type: "string_pattern_mismatch",
          loc: ["query", "identity_prefix"],
          msg: "String should match pattern '^[A-Za-z0-9*+=|@._-]{1,48}$'",
          input: "A B",
          ctx: { pattern: "^[A-Za-z0-9*+=|@._-]{1,48}$" },
        },
        {
          type: "bool_parsing",
          loc: ["query", "online"],
          msg: "Input should be a valid boolean, unable to interpret input",
          input: "yes",
        },
        expect.objectContaining({ type: "greater_than_equal", loc: ["query", "page"] }),
      ],
    },
  ]);
  expect((await gateway.call("/ocpp/chargers?colour=red")).status).toBe(200);
});

test("more than 300 charger_ids are too long a list", async () => {
  const { id } = gateway.location();
  const query = Array.from({ length: 301 }, (_, at) => `charger_ids=${at}`).join("&");
  const answer = await gateway.call(`/ocpp/locations/${id}/chargers?${query}`);
  expect(answer.json).toEqual({
    detail: [
      expect.objectContaining({
        type: "too_long",
        loc: ["query", "charger_ids"],
        ctx: { field_type: "List", max_length: 300, actual_length: 301 },
      }),
    ],
  });
});

describe("provisioning status", () => {
  test("has exactly five fields, and Retry-After while it is not final", async () => {
    const id = await createCharger(gateway.location().id);
    const answer = await gateway.call(`/ocpp/chargers/${id}/status`);
    expect(answer.json).toEqual({
      charger_id: id,
      status: "PENDING",
      workflow_run_id: null,
      error: null,
      provisioned_at: null,
    });
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  test("a final state carries its error and no Retry-After", async () => {
    const id = await createCharger(gateway.location().id);
    const error = { code: "CSMS_UNREACHABLE", message: "No answer", retryable: true };
    const state = {
      chargerId: id,
      status: "FAILED" as const,
      workflowRunId: "wfr_1",
      error,
      provisionedAt: null,
    };
    gateway.fleet.provisionings.set(id, state);
    const answer = await gateway.call(`/ocpp/chargers/${id}/status`);
    expect(answer.json).toMatchObject({ status: "FAILED", error });
    expect(answer.headers.get("retry-after")).toBeNull();
  });

  test("If-None-Match is answered with 304 until the state changes", async () => {
    const id = await createCharger(gateway.location().id);
    const path = `/ocpp/chargers/${id}/status`;
    const tag = (await gateway.call(path)).headers.get("etag") ?? "";
    const same = await gateway.call(path, { headers: { "if-none-match": tag } });
    expect([same.status, same.text, same.headers.get("etag")]).toEqual([304, "", tag]);
    for (const name of [
      "ratelimit-limit",
      "ratelimit-remaining",
      "ratelimit-reset",
      "x-request-id",
      "retry-after",
    ])
      expect(same.headers.get(name)).not.toBeNull();
    const ready = {
      status: "READY" as const,
      workflowRunId: "wfr_1",
      error: null,
      provisionedAt: new Date(),
    };
    gateway.fleet.provisionings.set(id, { chargerId: id, ...ready });
    expect((await gateway.call(path, { headers: { "if-none-match": tag } })).status).toBe(200);
  });
});

test("a charger's tag follows its revision", async () => {
  const id = await createCharger(gateway.location().id);
  const path = `/ocpp/chargers/${id}`;
  const headers = { "if-none-match": (await gateway.call(path)).headers.get("etag") ?? "" };
  expect((await gateway.call(path, { headers })).status).toBe(304);
  const row = gateway.fleet.chargers.get(id);
  if (row) row.revision += 1;
  expect((await gateway.call(path, { headers })).status).toBe(200);
});

describe("jobs", () => {
  async function startJob() {
    const { id } = gateway.location();
    const body = [group({ template: { template_name: "Charger" }, charger_ids: ["001", "002"] })];
    const answer = await gateway.call(`/ocpp/locations/${id}/chargers`, { body });
    return { locationId: id, ...(answer.json as { job_id: string; status_url: string }) };
  }

  test("a running job shows its progress and no results", async () => {
    const { job_id, status_url } = await startJob();
    const answer = await gateway.call(status_url);
    expect(answer.json).toEqual({
      job_id,
      job_type: "location_chargers_create",
      status: "PENDING",
      workflow_run_id: null,
      error: null,
      results: null,
      provisioned_at: null,
      progress: { total: 2, created: 0, failed: 0, pending: 2 },
    });
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  test("a finished job lists its chargers, live, and its failures", async () => {
    const { job_id, status_url } = await startJob();
    const job = gateway.fleet.jobs.get(job_id);
    const [charger] = gateway.fleet.chargers.values();
    if (!job || !charger) throw new Error("nothing stored");
    const error = { code: "IDENTITY_TAKEN", message: "exists", retryable: false };
    const failed = [{ seq: 1, identity: "SITE_A_002", chargerId: null, error }];
    Object.assign(job, {
      status: "READY",
      results: { created: [charger], failed },
      progress: { total: 2, created: 1, failed: 1, pending: 0 },
    });
    const answer = await gateway.call(status_url);
    expect(answer.json).toMatchObject({
      status: "READY",
      results: {
        created: [
          { id: charger.id, identity: "SITE_A_001", name: "Charger 001", vendor_name: "Schneider Electric" },
        ],
        failed: [{ identity: "SITE_A_002", charger_id: null, error }],
      },
    });
    expect(answer.headers.get("retry-after")).toBeNull();
    const headers = { "if-none-match": answer.headers.get("etag") ?? "" };
    expect((await gateway.call(status_url, { headers })).status).toBe(304);
    charger.revision += 1;
    expect((await gateway.call(status_url, { headers })).status).toBe(200);
  });

  test("a job is unknown under another location", async () => {
    const { job_id } = await startJob();
    const { id } = gateway.location();
    const answer = await gateway.call(`/ocpp/locations/${id}/chargers/jobs/${job_id}`);
    expect([answer.status, answer.json]).toEqual([404, { detail: "Job not found" }]);
  });
});
