import { beforeAll, describe, expect, it } from "vitest";
import { call } from "../harness/fleet.ts";
import { waitFor } from "../harness/wait-for.ts";
import { furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { send, world } from "./world.ts";

let tenant: Tenant;
let own: Belongings;
let foreign: Belongings;
beforeAll(async () => {
  tenant = await newTenant("lists");
  [own, foreign] = [await furnish(tenant), await furnish(await newTenant("lists-of-others"))];
});

const pathOf = (identity: string) => `/api/v1/chargers/${identity}/local-list`;

function ask(method: string, identity: string, body?: unknown, key = tenant.owner) {
  return send({ method, path: pathOf(identity), body, headers: { "x-api-key": key } });
}

const NOTHING = {
  mode: "off",
  version: null,
  reportedVersion: null,
  entries: null,
  outcome: null,
  updatedAt: null,
};
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

async function applied(): Promise<Record<string, unknown>> {
  return waitFor("the list at the station", async () => {
    const { body } = await ask("GET", own.identity);
    const state = body as Record<string, unknown>;
    return state["outcome"] === "applied" && state;
  });
}

describe("a managed local list", () => {
  it("is off before its mode is set, also at a charger that never connected", async () => {
    for (const identity of [own.identity, own.externalIdentity]) {
      const answer = await ask("GET", identity);
      expect([answer.status, answer.body]).toEqual([200, NOTHING]);
    }
    const pending = { ...NOTHING, mode: "managed", outcome: "pending", updatedAt: TIME };
    const answer = await ask("PUT", own.externalIdentity, { mode: "managed" });
    expect([answer.status, answer.body]).toEqual([200, pending]);
  });

  it("is brought to the station, and stays there when it is switched off", async () => {
    expect((await ask("PUT", own.identity, { mode: "managed" })).status).toBe(200);
    // The tags of this organisation.
    const entries = 2;
    const known = { mode: "managed", version: 1, reportedVersion: 1, entries, outcome: "applied" };
    expect(await applied()).toEqual({ ...known, updatedAt: TIME });
    const again = await ask("PUT", own.identity, { mode: "managed" });
    expect([again.status, again.body]).toEqual([200, { ...known, updatedAt: TIME }]);
    const off = await ask("PUT", own.identity, { mode: "off" });
    expect(off.body).toMatchObject({ mode: "off", version: 1, reportedVersion: 1, outcome: null });
  });

  it.each(["local-auth-list", "clear-local-auth-list", "a raw SendLocalList"])(
    "is switched off by %s, and says so",
    async (road) => {
      await ask("PUT", own.identity, { mode: "managed" });
      const { version } = await applied();
      const access = { url: world.url, apiKey: tenant.owner };
      const target = { charger_id: own.chargerId };
      const listVersion = Number(version) + 1;
      const answer = road.startsWith("a raw")
        ? await call(access, "POST", `/api/v1/chargers/${own.identity}/ocpp/SendLocalList`, {
            listVersion,
            updateType: "Full",
          })
        : await call(access, "POST", `/ocpp/commands/${road}`, {
            target,
            ...(road === "local-auth-list" && { event: { list_version: listVersion, entries: [] } }),
          });
      expect(answer.status).toBe(200);
      const { body } = await ask("GET", own.identity);
      expect(body).toMatchObject({ mode: "off", outcome: "replaced", entries: null });
    },
  );

  it("stays managed when a direct list could not be sent", async () => {
    await ask("PUT", own.identity, { mode: "managed" });
    await applied();
    const access = { url: world.url, apiKey: tenant.owner };
    const path = `/api/v1/chargers/${own.identity}/ocpp/SendLocalList`;
    expect((await call(access, "POST", path, { listVersion: "one", updateType: "Full" })).status).toBe(400);
    expect((await ask("GET", own.identity)).body).toMatchObject({ mode: "managed" });
  });

  it.each([
    ["no mode", {}, ["mode"]],
    ["an unknown mode", { mode: "on" }, ["mode"]],
    ["a mode of another type", { mode: true }, ["mode"]],
    ["a field more", { mode: "off", version: 7 }, ["version"]],
  ])("is not changed by a body with %s", async (_name, body, path) => {
    const before = (await ask("GET", own.externalIdentity)).body;
    const answer = await ask("PUT", own.externalIdentity, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code: "VALIDATION_ERROR", issues: [{ path }] } });
    expect((await ask("GET", own.externalIdentity)).body).toEqual(before);
  });

  it("is unknown at a charger of another organisation, and not changed by a viewer", async () => {
    for (const identity of [foreign.identity, "NOBODY"]) {
      expect((await ask("GET", identity)).status).toBe(404);
      expect((await ask("PUT", identity, { mode: "managed" })).status).toBe(404);
    }
    expect((await ask("GET", own.identity, undefined, tenant.viewer)).status).toBe(200);
    expect((await ask("PUT", own.identity, { mode: "off" }, tenant.viewer)).status).toBe(403);
  });
});
