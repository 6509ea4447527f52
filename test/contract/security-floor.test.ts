import { beforeAll, describe, expect, it } from "vitest";
import { broken, findings } from "../harness/openapi/conformance.ts";
import { operations, type ApiOperation } from "../harness/openapi/document.ts";
import { exampleOf } from "../harness/openapi/example.ts";
import { tenantRows } from "./tenant-rows.ts";
import { credential, furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

let owner: Tenant;
let stranger: Tenant;
let own: Belongings;
beforeAll(async () => {
  [owner, stranger] = [await newTenant("owner"), await newTenant("stranger")];
  own = await furnish(owner, "OCPP2.0.1");
  const answer = await send({
    method: "POST",
    path: `/api/v1/chargers/${own.identity}/ocpp/GetBaseReport`,
    body: { requestId: Number(REQUEST_ID), reportBase: "FullInventory" },
    headers: { "X-API-Key": owner.owner },
  });
  expect(answer).toMatchObject({ status: 200, body: { response: { status: "Accepted" } } });
});

/** Of the request whose report the charger has been asked for. */
const REQUEST_ID = "1234567";

/** Values of path parameters. An operation with one that is not here fails its tests. */
const idsOf = (belongings: Belongings): Record<string, string> => ({
  brand_slug: "generic",
  model_slug: "generic-ac-22kw",
  location_id: belongings.locationId,
  charger_id: belongings.chargerId,
  id: belongings.chargerId,
  job_id: belongings.jobId,
  chargeBoxId: belongings.identity,
  action: "ClearCache",
  requestId: REQUEST_ID,
  keyId: belongings.keyId,
  reservation: belongings.reservation,
  idTagId: belongings.idTagId,
  webhookId: belongings.webhookId,
  tagJobId: belongings.tagJobId,
  transactionId: belongings.transactionId,
});

const NOT_ALLOWED = {
  gateway: { detail: "Method Not Allowed" },
  v1: { success: false, error: { code: "METHOD_NOT_ALLOWED", message: "Method Not Allowed" } },
  settings: { Code: 529, Details: "Method Not Allowed", StackTrace: null },
} as const;

/** Parameters that name nothing of an organisation's own. */
const NOT_OWN = ["brand_slug", "model_slug", "action"];
const BODY_IDS = ["location_id", "charger_id"];

function pathOf(operation: ApiOperation, ids: Record<string, string>): string {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name];
    if (id === undefined) throw new Error(`no value for the path parameter ${name}`);
    return id;
  });
  const required = operation.parameters.filter((one) => one.in === "query" && one.required);
  const query = required.map((one) => `${one.name}=${one.name === "charger_ids" ? ids["charger_id"] : "1"}`);
  return query.length > 0 ? `${path}?${query.join("&")}` : path;
}

/** The example of the body, with ids that exist. */
function bodyOf(operation: ApiOperation, ids: Record<string, string>): unknown {
  if (!operation.body) return undefined;
  const body = withIds(exampleOf(operation.body), ids);
  expect(findings(operation.body, body)).toEqual([]);
  return body;
}

function withIds(value: unknown, ids: Record<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => withIds(one, ids));
  if (typeof value !== "object" || value === null) return value;
  const replaced = Object.entries(value).map(([name, inner]) => {
    if (BODY_IDS.includes(name)) return [name, ids[name]];
    return [name, name === "charger_ids" ? [ids["charger_id"]] : withIds(inner, ids)];
  });
  return Object.fromEntries(replaced);
}

/** Does the request name anything that belongs to an organisation? */
function namesBelongings(operation: ApiOperation): boolean {
  const inPath = operation.parameters.some((one) => one.in === "path" && !NOT_OWN.includes(one.name));
  const body = operation.body ? JSON.stringify(exampleOf(operation.body)) : "";
  return inPath || BODY_IDS.some((name) => body.includes(`"${name}"`));
}

const challengeOf = ({ scheme, surface }: ApiOperation) => {
  if (scheme === "ApiKey") return "ApiKey";
  return surface === "settings" ? 'Bearer error="invalid_token"' : "Bearer";
};
const title = (operation: ApiOperation) => ({ name: operation.operationId, operation });

describe.each(operations.map(title))("$name", ({ operation }) => {
  const request = () => ({
    method: operation.method,
    path: pathOf(operation, idsOf(own)),
    body: bodyOf(operation, idsOf(own)),
  });

  it.each(["none", "wrong"] as const)("answers 401 with the scheme to use, credential: %s", async (kind) => {
    const answer = await send({ ...request(), headers: credential(operation, owner, kind) });
    expect([answer.status, broken(operation, answer)]).toEqual([401, []]);
    expect(answer.headers.get("www-authenticate")).toBe(challengeOf(operation));
  });

  it("admits a viewer if its documented role says so, and then changes nothing", async () => {
    const before = await tenantRows(owner.organization);
    const answer = await send({ ...request(), headers: credential(operation, owner, "viewer") });
    const isAllowed = operation.role === null || operation.role === "viewer";
    const admitted = operation.responses["101"] ? 426 : operation.responses["201"] ? 201 : 200;
    expect([answer.status, broken(operation, answer)]).toEqual([isAllowed ? admitted : 403, []]);
    expect(await tenantRows(owner.organization)).toEqual(before);
  });

  it("shows and changes nothing for another organisation, and answers as for an unknown id", async () => {
    const before = await tenantRows(owner.organization);
    const headers = credential(operation, stranger);
    const answer = await send({ ...request(), headers });
    expect(broken(operation, answer)).toEqual([]);
    const foreign = Object.entries(idsOf(own)).filter(([name]) => !NOT_OWN.includes(name));
    if (namesBelongings(operation)) {
      const never = Object.fromEntries(foreign.map(([name, id]) => [name, invented(id)]));
      const ids = { ...idsOf(own), ...never };
      const unknown = await send({
        method: operation.method,
        path: pathOf(operation, ids),
        body: bodyOf(operation, ids),
        headers,
      });
      expect([answer.status, unknown.status]).toEqual([404, 404]);
      expect(anonymous(answer.body, foreign)).toEqual(anonymous(unknown.body, Object.entries(never)));
    }
    if (answer.status < 300)
      for (const [, id] of foreign) expect(JSON.stringify(answer.body)).not.toContain(id);
    expect(await tenantRows(owner.organization)).toEqual(before);
  });

  it("answers another method with 405 and names its own", async () => {
    const headers = operation.surface === "gateway" ? {} : credential(operation, owner);
    const has = (method: string) =>
      operations.some((one) => one.path === operation.path && one.method === method);
    const method = ["PATCH", "PUT", "POST"].find((one) => !has(one)) ?? "PATCH";
    const answer = await send({ ...request(), body: undefined, method, headers });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")?.split(", ")).toContain(operation.method);
    expect(answer.body).toEqual(NOT_ALLOWED[operation.surface]);
  });

  // An operation without a body has nothing to be malformed.
  if (operation.body === null) return;
  it("refuses a body that is not JSON by type or by content", async () => {
    const before = await tenantRows(owner.organization);
    const headers = credential(operation, owner);
    const text = JSON.stringify(request().body ?? {});
    const typed = await send({
      ...request(),
      text,
      headers: { ...headers, "content-type": "text/plain" },
    });
    expect([typed.status, broken(operation, typed)]).toEqual([415, []]);
    const malformed = await send({ ...request(), text: `${text.slice(0, -1)},`, headers });
    const status = operation.surface === "gateway" ? 422 : 400;
    expect([malformed.status, broken(operation, malformed)]).toEqual([status, []]);
    expect(await tenantRows(owner.organization)).toEqual(before);
  });
});

/** Of the same shape, and nobody's. */
const invented = (id: string) =>
  /^[0-9a-f]{8}-/.test(id) ? `0${id.slice(1, -6)}ffffff` : `${id.slice(0, -3)}ZZZ`;

function anonymous(body: unknown, ids: Array<[string, string]>): unknown {
  const text = ids.reduce((rest, [name, id]) => rest.replaceAll(id, name), JSON.stringify(body));
  return JSON.parse(text);
}
