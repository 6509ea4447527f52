import { describe, expect, it } from "vitest";
import { Unavailable } from "../../../../src/errors.ts";
import type { DataTransferRow } from "../../../../src/ports.ts";
import { bodyOf, createWorld, post, type World } from "../access-world.ts";

const PATH = "/api/v1/chargers";
const published: Array<{ id: string; total: number }> = [];

/** A world with the charger CP-1, whose effects are noted instead of run. */
async function withCharger(): Promise<World> {
  published.length = 0;
  const runs = { applyEffects: async (batch: { id: string; total: number }) => void published.push(batch) };
  const world = createWorld({}, { runs: runs as unknown as World["ports"]["runs"] });
  await world.request(PATH, post(await world.apiKey("owner"), { chargeBoxId: "CP-1" }));
  return world;
}

async function ask(
  world: World,
  method: string,
  path: string,
  role: "viewer" | "operator" | "owner",
  body?: unknown,
) {
  const { headers } = post(await world.apiKey(role), body);
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await world.request(`${PATH}/${path}`, init);
  return { status: response.status, body: await bodyOf(response) };
}

describe("deleting a charger", () => {
  it("answers once, leaves the rest to a durable run and frees the identity", async () => {
    const world = await withCharger();
    expect(await ask(world, "DELETE", "CP-1", "owner")).toEqual({
      status: 200,
      body: { message: "Charger deleted successfully", chargeBoxId: "CP-1" },
    });
    await world.settled();
    expect(published).toMatchObject([{ total: 1 }]);
    expect((await ask(world, "DELETE", "CP-1", "owner")).status).toBe(404);
    expect((await ask(world, "GET", "CP-1", "viewer")).status).toBe(404);
    const again = post(await world.apiKey("owner"), { chargeBoxId: "CP-1" });
    expect((await world.request(PATH, again)).status).toBe(201);
  });

  it("retires the session before it is answered", async () => {
    const world = await withCharger();
    const charger = await world.ports.chargers.findByIdentity(world.organization.id, "CP-1");
    await ask(world, "DELETE", "CP-1", "owner");
    expect(world.sessions.retired).toEqual([
      { organizationSlug: "acme", identity: "CP-1", chargerId: charger?.id },
    ]);
  });

  it("leaves a session that cannot be reached to the run behind the answer", async () => {
    const world = await withCharger();
    world.ports.sessions.retire = () => Promise.reject(new Unavailable("overloaded"));
    expect((await ask(world, "DELETE", "CP-1", "owner")).status).toBe(200);
    await world.settled();
    expect(published).toMatchObject([{ total: 1 }]);
  });

  it.each(["viewer", "operator"] as const)("is refused to a key of role %s", async (role) => {
    const world = await withCharger();
    expect((await ask(world, "DELETE", "CP-1", role)).status).toBe(403);
    expect(published).toEqual([]);
  });

  it("does not reach another organisation's charger", async () => {
    const world = await withCharger();
    const { headers } = post(await world.apiKey("owner", world.other), {});
    expect((await world.request(`${PATH}/CP-1`, { method: "DELETE", headers })).status).toBe(404);
    expect((await ask(world, "GET", "CP-1", "viewer")).status).toBe(200);
  });
});

describe("setting the registration state", () => {
  it.each(["Accepted", "Pending", "Rejected"] as const)("stores %s in row and session", async (status) => {
    const world = await withCharger();
    expect(await ask(world, "PUT", "CP-1/registration", "owner", { status })).toEqual({
      status: 200,
      body: { chargeBoxId: "CP-1", status },
    });
    const charger = await world.ports.chargers.findByIdentity(world.organization.id, "CP-1");
    expect(charger?.registrationStatus).toBe(status);
    expect(world.sessions.registrations).toEqual([
      { ref: { organizationSlug: "acme", identity: "CP-1", chargerId: charger?.id }, status },
    ]);
  });

  it.each([[{}], [{ status: "accepted" }], [{ status: "Accepted", interval: 1 }]])(
    "refuses %j",
    async (body) => {
      const world = await withCharger();
      expect((await ask(world, "PUT", "CP-1/registration", "owner", body)).status).toBe(400);
      expect(world.sessions.registrations).toEqual([]);
    },
  );

  it("is refused to an operator, and is 404 for an unknown charger", async () => {
    const world = await withCharger();
    const body = { status: "Pending" };
    expect((await ask(world, "PUT", "CP-1/registration", "operator", body)).status).toBe(403);
    expect((await ask(world, "PUT", "CP-2/registration", "owner", body)).status).toBe(404);
    expect(world.sessions.registrations).toEqual([]);
  });
});

describe("the history of vendor messages", () => {
  const row: DataTransferRow = {
    id: "dt_1",
    atMs: Date.UTC(2026, 1, 10, 14),
    direction: "outgoing",
    vendorId: "V",
    messageId: null,
    data: "{}",
    responseStatus: "Accepted",
    responseData: "x",
    error: null,
  };
  const failed: DataTransferRow = {
    ...row,
    id: "dt_2",
    responseStatus: null,
    responseData: null,
    error: "timeout",
  };

  it("comes from the session, failures with the code that their request was answered with", async () => {
    const world = await withCharger();
    world.sessions.transfers = [failed, row];
    const { error: _, atMs: __, ...told } = row;
    const createdAt = "2026-02-10T14:00:00.000Z";
    expect(await ask(world, "GET", "CP-1/data-transfer", "viewer")).toEqual({
      status: 200,
      body: {
        chargeBoxId: "CP-1",
        dataTransfers: [
          { ...told, id: "dt_2", responseStatus: null, responseData: null, error: "TIMEOUT", createdAt },
          { ...told, createdAt },
        ],
        count: 2,
      },
    });
    expect((await ask(world, "GET", "CP-1/data-transfer?limit=1", "viewer")).body.count).toBe(1);
  });

  it.each(["0", "101", "x"])("refuses the limit %s", async (limit) => {
    const world = await withCharger();
    expect((await ask(world, "GET", `CP-1/data-transfer?limit=${limit}`, "viewer")).status).toBe(400);
  });

  it("is empty for a charger that never had a session, and 404 for an unknown charger", async () => {
    const world = await withCharger();
    expect((await ask(world, "GET", "CP-1/data-transfer", "viewer")).body).toMatchObject({ count: 0 });
    expect((await ask(world, "GET", "CP-2/data-transfer", "viewer")).status).toBe(404);
  });
});
