import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { readLivingStack } from "../../dev/stack/data-directory.ts";
import { broken, type Answer } from "../harness/openapi/conformance.ts";
import { operations, type ApiOperation } from "../harness/openapi/document.ts";
import { openSql } from "../harness/sql.ts";
import { waitFor } from "../harness/wait-for.ts";
import { tenantRows } from "./tenant-rows.ts";
import { credential, furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { upstreamFindings } from "./upstream-schemas.ts";
import { send, world } from "./world.ts";

let tenant: Tenant;
let own: Belongings;
beforeAll(async () => {
  tenant = await newTenant("errors");
  own = await furnish(tenant);
});

function operation(operationId: string): ApiOperation {
  const found = operations.find((one) => one.operationId === operationId);
  if (!found) throw new Error(`no operation ${operationId}`);
  return found;
}

interface Asked {
  path?: string;
  body?: unknown;
  text?: string;
  headers?: Record<string, string>;
  as?: Tenant;
}

/** Sends to a documented operation as owner, and holds the answer against the document. */
async function ask(operationId: string, { path, as = tenant, headers, ...rest }: Asked): Promise<Answer> {
  const known = operation(operationId);
  const shown = { ...credential(known, as), ...headers };
  const answer = await send({ method: known.method, path: path ?? known.path, headers: shown, ...rest });
  expect(broken(known, answer)).toEqual([]);
  return answer;
}

/** A request that was under way when the database went may have been stored; the answer then says so (docs/adr/0012). */
const UNAVAILABLE =
  /^Service temporarily unavailable(\. The database did not tell whether it stored this request; if it has not, it never will)?$/;

function expectGateway(answer: Answer, status: number, detail: unknown): void {
  expect([answer.status, answer.body]).toEqual([status, { detail }]);
  expect(upstreamFindings("HttpErrorResponse", answer.body)).toEqual([]);
}

const charger = (changes: object = {}) => ({
  identity: "ERRORS-1",
  brand_slug: "generic",
  model_slug: "generic-ac-22kw",
  ocpp_version: "OCPP1.6",
  location_id: own.locationId,
  runtime: "external",
  ...changes,
});

describe("401 and 403 on the gateway", () => {
  it("a key in the query string is no credential", async () => {
    const path = `/ocpp/locations?token=${tenant.owner}&access_token=${tenant.owner}`;
    const answer = await send({ method: "GET", path });
    expectGateway(answer, 401, "Missing or invalid bearer token");
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("the header of the other surface is no credential", async () => {
    const headers = { "x-api-key": tenant.owner };
    expectGateway(
      await send({ method: "GET", path: "/ocpp/locations", headers }),
      401,
      "Missing or invalid bearer token",
    );
  });

  it("a user's token that picks an organisation is refused, even its own", async () => {
    const headers = { "x-organization-id": tenant.organization };
    const answer = await ask("listLocations", { headers });
    expectGateway(answer, 403, "X-Organization-Id is not allowed for this token");
  });
});

describe("400, 404 and 409 on the gateway", () => {
  it("an unknown path has no operation", async () => {
    expectGateway(await send({ method: "GET", path: "/ocpp/jobs/1" }), 404, "Not Found");
  });

  it.each(["dep-123", "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10", "%00", "..%2F..%2Fetc", "x".repeat(5_000)])(
    "id %.40s is unknown, not malformed",
    async (id) => {
      expectGateway(await ask("getCharger", { path: `/ocpp/chargers/${id}` }), 404, "Charger not found");
    },
  );

  it("a brand that is not in the catalogue is 400", async () => {
    const answer = await ask("createCharger", { body: charger({ brand_slug: "nobody" }) });
    expectGateway(answer, 400, "Invalid charger data: unknown brand 'nobody'");
  });

  it("of two creates of one identity at once exactly one is accepted", async () => {
    const body = charger({ identity: "ERRORS-TWICE" });
    const answers = await Promise.all([ask("createCharger", { body }), ask("createCharger", { body })]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409]);
    const loser = answers.find(({ status }) => status === 409);
    if (loser) expectGateway(loser, 409, "Charger identity 'ERRORS-TWICE' already exists");
  });

  it("a slug is one location's own", async () => {
    const body = { name: "a", slug: "errors-slug" };
    expect((await ask("createLocation", { body })).status).toBe(201);
    expectGateway(await ask("createLocation", { body }), 409, "Location slug already exists");
  });

  it("an Idempotency-Key replays its answer and refuses another body", async () => {
    const headers = { "Idempotency-Key": "errors-key" };
    const first = await ask("createLocation", { body: { name: "once" }, headers });
    const replay = await ask("createLocation", { body: { name: "once" }, headers });
    expect([replay.status, replay.body]).toEqual([201, first.body]);
    expect(replay.headers.get("idempotency-replayed")).toBe("true");
    const other = await ask("createLocation", { body: { name: "twice" }, headers });
    const msg = "Value error, this key was already used with a different request body";
    const detail = [{ type: "value_error", loc: ["header", "Idempotency-Key"], msg }];
    expect([other.status, other.body]).toEqual([422, { detail }]);
    expect(upstreamFindings("HTTPValidationError", other.body)).toEqual([]);
  });
});

describe("413", () => {
  const MEBIBYTE = 1024 * 1024;

  /** Announces a body and never sends it: what is too long is refused by its length alone. */
  async function announce(operationId: string, path: string, bytes: number): Promise<Answer> {
    const known = operation(operationId);
    const headers = {
      ...credential(known, tenant),
      "content-type": "application/json",
      "content-length": bytes,
    };
    const outgoing = request(world.url + path, { method: known.method, headers });
    outgoing.flushHeaders();
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    const body: unknown = await json(incoming);
    outgoing.destroy();
    const given = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    const answer = { status: incoming.statusCode ?? 0, headers: new Headers(given), body };
    expect(broken(known, answer)).toEqual([]);
    return answer;
  }

  it("gateway bodies end at 1 MiB", async () => {
    const answer = await announce("createLocation", "/ocpp/locations", MEBIBYTE + 1);
    expectGateway(answer, 413, "Request body too large");
    const text = JSON.stringify({ name: "x".repeat(MEBIBYTE - 100) });
    expect((await ask("createLocation", { text })).status).toBe(422);
  });

  it("bulk creates end at 8 MiB", async () => {
    const path = `/ocpp/locations/${own.locationId}/chargers`;
    const answer = await announce("createLocationChargers", path, 8 * MEBIBYTE + 1);
    expectGateway(answer, 413, "Request body too large");
    const text = JSON.stringify({ name: "x".repeat(8 * MEBIBYTE - 100) });
    expect((await ask("createLocationChargers", { path, text })).status).toBe(422);
  });

  it("updates of settings end at 1 MiB", async () => {
    const path = `/api/chargers/${own.chargerId}/update`;
    const answer = await announce("updateChargerSettings", path, MEBIBYTE + 1);
    expect([answer.status, answer.body]).toMatchObject([413, { Code: 529, StackTrace: null }]);
    const text = JSON.stringify({ maxChargeCurrent: "x".repeat(MEBIBYTE - 100) });
    expect((await ask("updateChargerSettings", { path, text })).status).toBe(400);
  });

  it("command bodies end at 256 KiB", async () => {
    const answer = await announce("registerCharger", "/api/v1/chargers", 256 * 1024 + 1);
    expect([answer.status, answer.body]).toMatchObject([413, { error: { code: "PAYLOAD_TOO_LARGE" } }]);
  });
});

describe("422 items", () => {
  it("never echo a value of more than 1 KiB", async () => {
    const answer = await ask("createLocation", { body: { name: "x".repeat(5_000) } });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).not.toContain("xxxx");
    expect(upstreamFindings("HTTPValidationError", answer.body)).toEqual([]);
  });

  it("are at most 100", async () => {
    const path = `/ocpp/locations/${own.locationId}/chargers`;
    const answer = await ask("createLocationChargers", { path, body: Array(500).fill({}) });
    expect(answer.body).toHaveProperty("detail.length", 100);
    expect(upstreamFindings("HTTPValidationError", answer.body)).toEqual([]);
  });

  it.each<[string, string]>([
    ["100,000 levels", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    ["__proto__", '{"__proto__":{"name":"a"},"constructor":{"prototype":{"name":"b"}}}'],
  ])("answer JSON of %s", async (_, text) => {
    const answer = await ask("createLocation", { text });
    expect([answer.status, upstreamFindings("HTTPValidationError", answer.body)]).toEqual([422, []]);
  });
});

describe("429", () => {
  it("answers an organisation over its own limit with the time to wait, and no other organisation", async () => {
    const slow = await newTenant("slow");
    await openSql(world.sqlUrl)("UPDATE organizations SET rate_limit = 2 WHERE id = $1::uuid RETURNING id", [
      slow.organization,
    ]);
    for (const left of ["1", "0"]) {
      const answer = await ask("listLocations", { as: slow });
      expect([answer.status, answer.headers.get("ratelimit-remaining")]).toEqual([200, left]);
    }
    const limited = await ask("listLocations", { as: slow });
    expectGateway(limited, 429, "Rate limit exceeded");
    expect(limited.headers.get("ratelimit-limit")).toBe("2");
    expect(limited.headers.get("retry-after")).toBe(limited.headers.get("ratelimit-reset"));
    const command = await ask("listRegisteredChargers", { as: slow });
    expect([command.status, command.body]).toMatchObject([429, { error: { code: "RATE_LIMIT_ERROR" } }]);
    expect((await ask("listLocations", {})).status).toBe(200);
  });
});

describe("503", () => {
  it("a database that is down is 503 with Retry-After on every surface, and nothing is stored", async () => {
    // Known credentials: the key's row is remembered from the requests before.
    expect((await ask("listLocations", {})).status).toBe(200);
    const before = await tenantRows(tenant.organization);
    const stack = readLivingStack(world.dataDirectory);
    const database = stack?.parts["sql"];
    if (!stack || !database) throw new Error("the stack has no database of its own");
    // A supervisor at rest starts nothing again.
    process.kill(stack.supervisor.pid, "SIGSTOP");
    try {
      process.kill(database.pid, "SIGKILL");
      const path = `/api/chargers/${own.chargerId}/update`;
      const [gateway, v1, settings] = await Promise.all([
        ask("createLocation", { body: { name: "never" } }),
        ask("registerCharger", { body: { chargeBoxId: "NEVER-1" } }),
        ask("updateChargerSettings", { path, body: { maxChargeCurrent: 31 } }),
      ]);
      expectGateway(gateway, 503, expect.stringMatching(UNAVAILABLE));
      expect(gateway.headers.get("retry-after")).toBe("1");
      expect([v1.status, v1.body]).toMatchObject([503, { error: { code: "SERVICE_UNAVAILABLE" } }]);
      expect(v1.headers.get("retry-after")).toBe("5");
      expect([settings.status, settings.body]).toMatchObject([503, { Code: 500, StackTrace: null }]);
      expect(settings.headers.get("retry-after")).toBe("5");
    } finally {
      process.kill(stack.supervisor.pid, "SIGCONT");
      await waitFor("the database", async () => (await fetch(`${world.url}/readyz`)).status === 200, 30_000);
    }
    expect(await tenantRows(tenant.organization)).toEqual(before);
  });
});
