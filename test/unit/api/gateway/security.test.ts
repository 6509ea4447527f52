import { beforeAll, describe, expect, test } from "vitest";
import { gatewayRouter } from "../../../../src/api/gateway/router.ts";
import { chargerBody, type Gateway, group, openGateway } from "./gateway.ts";
import { OPERATIONS, type OperationUnderTest } from "./operations.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});

test("every operation of the table is documented, and no other", () => {
  const document = gatewayRouter().getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "t", version: "1" },
  });
  const documented = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path as object));
  const ids = documented.map(({ operationId }: { operationId: string }) => operationId);
  expect(ids.toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted());
});

describe.each(OPERATIONS)("$name", ({ method, path, hasBody }) => {
  const body = hasBody ? "{}" : undefined;
  const call = (options: object) => gateway.call(path, { method, body, ...options });

  test("asks for a credential before it looks at anything else", async () => {
    const answer = await call({ token: null, body: hasBody ? "{" : undefined });
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({ detail: "Missing or invalid bearer token" });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.headers.get("ratelimit-limit")).not.toBeNull();
    expect(answer.headers.get("x-request-id")).not.toBeNull();
  });

  test("refuses a forged token", async () => {
    const forged = gateway.operator.slice(0, -4) + "AAAA";
    expect((await call({ token: forged })).status).toBe(401);
    expect((await call({ headers: { authorization: "Basic YTpi" } })).status).toBe(401);
  });

  test("answers another verb with 405 before it asks for a credential", async () => {
    const answer = await gateway.call(path, { method: "PATCH", token: null });
    expect(answer.status).toBe(405);
    expect(answer.json).toEqual({ detail: "Method Not Allowed" });
    expect(answer.headers.get("allow")).toContain(method);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});

const perform = (operation: OperationUnderTest, options: object) => {
  const body = operation.hasBody ? "{}" : undefined;
  return gateway.call(operation.path, { method: operation.method, body, ...options });
};

const tenantScoped = OPERATIONS.filter((operation) => operation.isTenantScoped);
const writing = OPERATIONS.filter(({ method }) => method !== "GET");
const taking = OPERATIONS.filter(({ hasBody }) => hasBody);
const open = OPERATIONS.filter((operation) => !operation.isTenantScoped);

test.each(tenantScoped)(
  "$name knows no tenant without role or with a header that picks one",
  async (operation) => {
    const denied = await perform(operation, { token: await gateway.token({}) });
    expect(denied.status).toBe(403);
    expect(denied.json).toEqual({ detail: "Insufficient permissions or missing required claims" });
    const picked = await perform(operation, { headers: { "x-organization-id": gateway.organization.id } });
    expect(picked.status).toBe(403);
    expect(picked.json).toEqual({ detail: "X-Organization-Id is not allowed for this token" });
  },
);

test.each(writing)("$name lets no viewer write", async (operation) => {
  const token = await gateway.token({ org: gateway.organization.id, role: "viewer" });
  const answer = await perform(operation, { token });
  expect(answer.status).toBe(403);
  expect(answer.json).toEqual({ detail: "Insufficient permissions or missing required claims" });
});

test.each(taking)("$name takes JSON only", async (operation) => {
  const answer = await perform(operation, { headers: { "content-type": "text/plain" }, body: "x" });
  expect(answer.status).toBe(415);
  expect(answer.json).toEqual({ detail: "Unsupported Media Type" });
});

test.each(open)(
  "$name is open to a token without organisation, whatever tenant it names",
  async (operation) => {
    const token = await gateway.token({});
    expect((await perform(operation, { token, headers: { "x-organization-id": "x" } })).status).toBe(200);
  },
);

test("a row of another organisation is answered like an unknown id", async () => {
  const location = gateway.location();
  const created = await gateway.call("/ocpp/chargers", { body: chargerBody(location.id) });
  const batch = await gateway.call(`/ocpp/locations/${location.id}/chargers`, {
    body: [group({ charger_ids: ["1"] })],
  });
  const chargerId = (created.json as { charger_id: string }).charger_id;
  const jobUrl = (batch.json as { status_url: string }).status_url;
  const stranger = gateway.fleet.addOrganization();
  const token = await gateway.token({ org: stranger.id, role: "owner" });
  const own = gateway.location(stranger);
  const detail = async (path: string, body?: unknown) => {
    const answer = await gateway.call(path, { token, ...(body === undefined ? {} : { body }) });
    return [answer.status, answer.json];
  };
  expect(await detail(`/ocpp/chargers/${chargerId}`)).toEqual([404, { detail: "Charger not found" }]);
  expect(await detail(`/ocpp/chargers/${chargerId}/status`)).toEqual([404, { detail: "Charger not found" }]);
  expect(await detail(`/ocpp/locations/${location.id}`)).toEqual([404, { detail: "Location not found" }]);
  expect(await detail(`/ocpp/locations/${location.id}/chargers`)).toEqual([
    404,
    { detail: "Location not found" },
  ]);
  expect(await detail(jobUrl)).toEqual([404, { detail: "Job not found" }]);
  expect(await detail("/ocpp/chargers", chargerBody(location.id))).toEqual([
    404,
    { detail: "Location not found" },
  ]);
  expect(await detail(`/ocpp/locations/${location.id}/chargers`, [group()])).toEqual([
    404,
    { detail: "Location not found" },
  ]);
  const picked = await gateway.call(`/ocpp/locations/${own.id}/chargers?charger_ids=${chargerId}`, { token });
  expect(picked.json).toEqual({ data: [], total: 0, page: 1, limit: 50 });
});

test.each(["dep-123", "%00", "..%2f", "0199F3C2-7B1E-7D4A-8C55-2F6F0C7A9E10", "a".repeat(5000)])(
  "the malformed id %s is unknown and never reaches the store",
  async (id) => {
    const location = gateway.location();
    for (const path of [`/ocpp/chargers/${id}`, `/ocpp/chargers/${id}/status`])
      expect((await gateway.call(path)).json).toEqual({ detail: "Charger not found" });
    expect((await gateway.call(`/ocpp/locations/${id}`)).json).toEqual({ detail: "Location not found" });
    expect((await gateway.call(`/ocpp/locations/${id}/chargers`)).json).toEqual({
      detail: "Location not found",
    });
    const job = await gateway.call(`/ocpp/locations/${location.id}/chargers/jobs/${id}`);
    expect([job.status, job.json]).toEqual([404, { detail: "Job not found" }]);
    const body = chargerBody(decodeURIComponent(id).replaceAll("\0", "x"));
    expect((await gateway.call("/ocpp/chargers", { body })).json).toEqual({ detail: "Location not found" });
    expect((await gateway.call(`/ocpp/chargers?location_id=${id}`)).json).toMatchObject({
      data: [],
      total: 0,
    });
  },
);

test("an unreachable database is a 503 that names nothing", async () => {
  const broken = await openGateway();
  const location = broken.location();
  broken.fleet.isDatabaseDown = true;
  for (const answer of [
    await broken.call("/ocpp/chargers"),
    await broken.call("/ocpp/chargers", { body: chargerBody(location.id) }),
    await broken.call(`/ocpp/locations/${location.id}/chargers`, { body: [group()] }),
  ]) {
    expect(answer.status).toBe(503);
    expect(answer.json).toEqual({ detail: "Service temporarily unavailable" });
    expect(answer.headers.get("retry-after")).toBe("1");
  }
});

test("an unexpected error is a 500 that names nothing", async () => {
  const broken = await openGateway();
  broken.fleet.locations.values = () => {
    throw new Error("SELECT * FROM secrets");
  };
  const answer = await broken.call("/ocpp/locations");
  expect(answer.status).toBe(500);
  expect(answer.json).toEqual({ detail: "Internal server error" });
});

test("over the limit is a 429 with the seconds to wait, and changes nothing", async () => {
  const tight = await openGateway({ RATE_LIMIT_REQUESTS: 1 });
  const location = tight.location();
  await tight.call("/ocpp/chargers");
  const answer = await tight.call("/ocpp/chargers", { body: chargerBody(location.id) });
  expect(answer.status).toBe(429);
  expect(answer.json).toEqual({ detail: "Rate limit exceeded" });
  expect(answer.headers.get("retry-after")).toBe(answer.headers.get("ratelimit-reset"));
  expect(tight.fleet.chargers.size).toBe(0);
});

test("unknown paths are not found, with and without credential", async () => {
  for (const path of [
    "/ocpp/nothing",
    "/ocpp/templates/locations",
    "/ocpi/cpos",
    "/ocpp/locations/a/b/c/d",
  ]) {
    const answer = await gateway.call(path, { token: null });
    expect([answer.status, answer.json]).toEqual([404, { detail: "Not Found" }]);
  }
});
