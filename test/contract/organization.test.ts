import { beforeAll, expect, it } from "vitest";
import { newTenant, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

let tenant: Tenant;
beforeAll(async () => {
  tenant = await newTenant("settled");
});

const ask = (method: string, body?: unknown, key = tenant.owner) =>
  send({ method, path: "/api/v1/organization", body, headers: { "x-api-key": key } });

const expected = {
  name: "settled",
  slug: expect.stringMatching(/^settled-/) as string,
  // Who nobody knows is refused: the documented behaviour.
  acceptUnknownIdTags: false,
  transferHosts: null,
  wsUrlHosts: null,
  allowUnauthenticatedChargers: true,
  masterPassGroupId: null,
  tagCacheSeconds: null,
  transactionUpdateSeconds: 60,
  chargerLimit: expect.any(Number) as number,
  openJobLimit: expect.any(Number) as number,
  rateLimit: expect.any(Number) as number,
};

it("a new organisation shows its settings and limits, to every role", async () => {
  for (const key of [tenant.owner, tenant.viewer]) {
    const answer = await ask("GET", undefined, key);
    expect([answer.status, answer.body]).toEqual([200, expected]);
  }
});

it("an owner changes each setting, and null clears", async () => {
  const changes = {
    name: "Settled Ltd",
    acceptUnknownIdTags: true,
    transferHosts: ["files.example.com", "*.cdn.example.com"],
    wsUrlHosts: ["ocpp.example.com"],
    allowUnauthenticatedChargers: false,
    masterPassGroupId: "POLICE",
    tagCacheSeconds: 3600,
    transactionUpdateSeconds: 300,
  };
  const changed = await ask("PATCH", changes);
  expect([changed.status, changed.body]).toEqual([200, { ...expected, ...changes }]);
  expect((await ask("GET")).body).toEqual({ ...expected, ...changes });
  const cleared = { transferHosts: null, wsUrlHosts: null, masterPassGroupId: null, tagCacheSeconds: null };
  expect((await ask("PATCH", cleared)).body).toEqual({ ...expected, ...changes, ...cleared });
});

it.each(["slug", "chargerLimit", "openJobLimit", "rateLimit"])("%s is not changed", async (field) => {
  const before = (await ask("GET")).body;
  const answer = await ask("PATCH", { [field]: 5 });
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ error: { code: "VALIDATION_ERROR", issues: [{ path: [field] }] } });
  expect((await ask("GET")).body).toEqual(before);
});

it("nothing is changed by a viewer", async () => {
  expect((await ask("PATCH", { name: "X" }, tenant.viewer)).status).toBe(403);
});
