import { beforeAll, describe, expect, it } from "vitest";
import type { OcppVersion } from "../../src/ocpp/version.ts";
import { call } from "../harness/fleet.ts";
import { ListKeeper } from "../harness/ocpp-station/list-keeper.ts";
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

async function applied(identity = own.identity): Promise<Record<string, unknown>> {
  return waitFor(`the list at ${identity}`, async () => {
    const { body } = await ask("GET", identity);
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

/** The roads on which a client sends a list of its own; each takes the next version. */
const ROADS = {
  "local-auth-list": ({ id }: ListKeeper, list_version: number) => [
    "/ocpp/commands/local-auth-list",
    { target: { charger_id: id }, event: { list_version, entries: [{ id_tag: "OWN" }] } },
  ],
  "clear-local-auth-list": ({ id }: ListKeeper) => [
    "/ocpp/commands/clear-local-auth-list",
    { target: { charger_id: id } },
  ],
  "a raw SendLocalList": ({ identity }: ListKeeper, version: number, is16: boolean) => [
    `/api/v1/chargers/${identity}/ocpp/SendLocalList`,
    { [is16 ? "listVersion" : "versionNumber"]: version, updateType: "Full" },
  ],
} satisfies Record<string, (station: ListKeeper, version: number, is16: boolean) => [string, object]>;

describe.each<OcppVersion>(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])(
  "the managed list of an independent %s station",
  (version) => {
    let station: ListKeeper;
    beforeAll(async () => {
      const access = { url: world.url, apiKey: tenant.owner };
      station = await ListKeeper.connected(access, `KEEPER-${version.replaceAll(".", "")}`, version);
      return () => station.close();
    });

    it.each(Object.entries(ROADS))("is switched off by %s, and says so", async (_name, road) => {
      await ask("PUT", station.identity, { mode: "managed" });
      await applied(station.identity);
      expect(station.list.size).toBeGreaterThan(1);
      const [path, body] = road(station, station.version + 1, version === "ocpp1.6");
      const answer = await call({ url: world.url, apiKey: tenant.owner }, "POST", path, body);
      expect([answer.status, answer.body]).toMatchObject([200, {}]);
      expect([...station.list.keys()]).toEqual(path.endsWith("/local-auth-list") ? ["OWN"] : []);
      const { body: state } = await ask("GET", station.identity);
      expect(state).toMatchObject({ mode: "off", outcome: "replaced", entries: null });
    });
  },
);
