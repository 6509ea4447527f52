import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { waitFor } from "../harness/wait-for.ts";
import { newTenant, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

let tenant: Tenant;
let locationId: string;
/** Of a simulated charger with two connectors, and of another one of its location. */
let chargerId: string;
let otherId: string;
const IDENTITY = "CP-CHARGER-789";
beforeAll(async () => {
  tenant = await newTenant("command-examples");
  locationId = idOf((await ask("/ocpp/locations", { name: "Depot" })).body);
  [chargerId, otherId] = [await created(IDENTITY), await created("CP-CHARGER-790")];
}, 60_000);

const idOf = (body: unknown) => z.object({ id: z.string() }).parse(body).id;
const ask = (path: string, body?: unknown) =>
  send({
    method: body === undefined ? "GET" : "POST",
    path,
    body,
    headers: { authorization: `Bearer ${tenant.owner}`, "x-api-key": tenant.owner },
  });
const command = (name: string, event?: object, target: object = { charger_id: chargerId }) =>
  ask(`/ocpp/commands/${name}`, { target, event });

async function created(identity: string): Promise<string> {
  const model = {
    brand_slug: "abb",
    model_slug: "terra-184",
    connector_type: "CCS2",
    ocpp_version: "OCPP1.6",
  };
  const { body } = await ask("/ocpp/chargers", { ...model, identity, location_id: locationId });
  const { charger_id: id } = z.object({ charger_id: z.string() }).parse(body);
  await waitFor(`${identity} to be READY`, async () => {
    const { body: state } = await ask(`/ocpp/chargers/${id}/status`);
    return z.object({ status: z.string() }).parse(state).status === "READY";
  });
  return id;
}

/** What was queued for a charger. */
const queued = (id: string, identity: string, eventType: string, payload: object) => ({
  charger_id: id,
  identity,
  command: {
    id: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
    event_type: eventType,
    ocpp_version: "ocpp1.6",
    payload,
  },
});

describe("the documented examples of commands to many chargers", () => {
  it("stop a session: the documented answer", async () => {
    const event = { connector_id: 2 };
    const answer = await command("stop-session", event);
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        targeted_count: 1,
        queued_count: 1,
        failed_count: 0,
        results: [queued(chargerId, IDENTITY, "stop_session", event)],
        failed: [],
      },
    ]);
  });

  it("start a session with both limits on the second connector", async () => {
    const event = { id_tag: "EV-USER-1234", connector_id: 2, duration_seconds: 900, target_energy_kwh: 15.5 };
    const answer = await command("start-session", event);
    expect([answer.status, answer.body]).toMatchObject([
      202,
      { queued_count: 1, results: [queued(chargerId, IDENTITY, "start_session", event)], failed: [] },
    ]);
  });

  it("set the power of some chargers of a location", async () => {
    const event = { power_w: 11_000, evse_id: 1, connector_id: 1 };
    const target = { location_id: locationId, charger_ids: [chargerId, otherId] };
    const answer = await command("power-update", event, target);
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        targeted_count: 2,
        queued_count: 2,
        failed_count: 0,
        results: [
          queued(chargerId, IDENTITY, "power_update", event),
          queued(otherId, "CP-CHARGER-790", "power_update", event),
        ],
        failed: [],
      },
    ]);
  });
});

describe("the documented examples of commands to one charger", () => {
  it("clear the authorization cache of three cards", async () => {
    await command("cache/reset");
    for (const id_tag of ["CARD-1", "CARD-2", "CARD-3"])
      expect((await ask("/api/v1/id-tags", { idTag: id_tag })).status).toBe(201);
    for (const id_tag of ["CARD-1", "CARD-2", "CARD-3"]) await command("authorize", { id_tag });
    await waitFor("the answers to three cards", async () => {
      const { body } = await ask(`/ocpp/chargers/${chargerId}/logs?limit=1000`);
      const logs = z.object({
        data: z.array(z.object({ action: z.string().nullable(), message: z.string() })),
      });
      const answers = logs
        .parse(body)
        .data.filter(({ action, message }) => action === "Authorize" && message.startsWith("[3,"));
      return answers.length >= 3;
    });
    const answer = await command("cache/reset");
    expect([answer.status, answer.body]).toEqual([
      200,
      { msg: "Authorization cache cleared", cleared_entries: 3 },
    ]);
  });

  it("send a local list of two cards, and clear it", async () => {
    const entry = { id_tag: "TAG-RFID-001", expiry_date: "2026-12-31T23:59:59Z" };
    const list = { list_version: 2, entries: [entry, { ...entry, id_tag: "TAG-RFID-002" }] };
    const sent = await command("local-auth-list", list);
    expect([sent.status, sent.body]).toEqual([
      200,
      { status: "Accepted", list_version: 2, entries_received: 2 },
    ]);
    const cleared = await command("clear-local-auth-list");
    expect([cleared.status, cleared.body]).toEqual([
      200,
      { msg: "Local authorization list cleared", entries_deleted: 2 },
    ]);
  });

  it("inject a fault and clear it", async () => {
    const told = { fault_type: "GroundFailure", evse_id: 1, connector_id: 1 };
    const injected = await command("inject-fault", { fault_type: "GroundFailure" }, { charger_id: otherId });
    expect([injected.status, injected.body]).toEqual([
      200,
      { msg: "Fault injected", ...told, status: "Faulted" },
    ]);
    const cleared = await command("clear-fault", {}, { charger_id: otherId });
    expect([cleared.status, cleared.body]).toEqual([
      200,
      { msg: "Fault cleared", ...told, status: "Available" },
    ]);
  });
});
