import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { waitFor } from "../harness/wait-for.ts";
import { furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
const asked = { connectorId: 1, idTag: "USER123", groupId: "FAMILY", expiresAt };
const made = z.looseObject({ id: z.string(), reservationId: z.number() });

describe.each(["OCPP1.6", "OCPP2.0.1"] as const)("reservations of a simulated %s charger", (version) => {
  let tenant: Tenant;
  let own: Belongings;
  beforeAll(async () => {
    tenant = await newTenant("reservations");
    own = await furnish(tenant, version);
  });

  type To = { identity?: string; end?: string; body?: object; key?: string };
  const ask = (method: string, { identity = own.identity, end = "", body, key = tenant.owner }: To = {}) =>
    send({
      method,
      path: `/api/v1/chargers/${identity}/reservations${end}`,
      ...(body === undefined ? {} : { body }),
      headers: { "X-API-Key": key },
    });

  it("are made, refused while one is held, listed, cancelled and kept", async () => {
    const { status, body } = await ask("POST", { body: asked });
    const { id, reservationId } = made.parse(body);
    const shown = { id, reservationId, chargeBoxId: own.identity, ...asked };
    const createdAt = expect.stringMatching(/Z$/);
    expect([status, body]).toEqual([201, { ...shown, status: "active", createdAt, ocppStatus: "Accepted" }]);
    expect(id).toMatch(/^rsv_[0-9A-Z]{26}$/);

    const second = await ask("POST", { body: { ...asked, idTag: "OTHER" } });
    const word = { status: "occupied", ocppStatus: "Occupied" };
    expect([second.status, second.body]).toEqual([
      200,
      { chargeBoxId: own.identity, connectorId: 1, ...word },
    ]);

    const listed = await waitFor("the reservation in the list", async () => {
      const { body: page } = await ask("GET", { end: "?status=active", key: tenant.viewer });
      return (page as { reservations: unknown[] }).reservations.length > 0 && page;
    });
    expect(listed).toEqual({ reservations: [{ ...shown, status: "active", createdAt }], next: null });

    const cancelled = await ask("DELETE", { end: `/${id}` });
    expect([cancelled.status, cancelled.body]).toEqual([
      200,
      { ...shown, status: "cancelled", createdAt, ocppStatus: "Accepted" },
    ]);
    const kept = await waitFor("the cancelled reservation in the list", async () => {
      const { body: page } = await ask("GET", { end: "?status=cancelled&limit=1" });
      const [first] = (page as { reservations: { id: string }[] }).reservations;
      return first?.id === id && page;
    });
    expect(kept).toEqual({ reservations: [{ ...shown, status: "cancelled", createdAt }], next: id });
    const rest = await ask("GET", { end: `?status=cancelled&after=${id}` });
    expect(rest.body).toMatchObject({ reservations: [{ id: own.reservation }], next: null });

    const again = await ask("DELETE", { end: `/${id}` });
    expect([again.status, again.body]).toMatchObject([409, { error: { code: "CONFLICT" } }]);
  });

  it("are reserved by a call as the specification writes it, too", async () => {
    const payload =
      version === "OCPP1.6"
        ? { connectorId: 1, expiryDate: expiresAt, idTag: "RAW", reservationId: 77 }
        : { id: 77, evseId: 1, expiryDateTime: expiresAt, idToken: { idToken: "RAW", type: "Central" } };
    const headers = { "X-API-Key": tenant.owner };
    const path = `/api/v1/chargers/${own.identity}/ocpp/`;
    await send({ method: "POST", path: `${path}ReserveNow`, body: payload, headers });
    const find = (status: string) =>
      waitFor(`the reservation ${status}`, async () => {
        const { body } = await ask("GET", { end: `?status=${status}` });
        const { reservations } = body as { reservations: { reservationId: number }[] };
        return reservations.find(({ reservationId }) => reservationId === 77);
      });
    expect(await find("active")).toMatchObject({ idTag: "RAW", connectorId: 1, groupId: null });
    await send({ method: "POST", path: `${path}CancelReservation`, body: { reservationId: 77 }, headers });
    await find("cancelled");
  });

  it.each<[string, number, () => To, object]>([
    ["a charger that is not connected", 503, () => ({ identity: own.externalIdentity }), { sent: false }],
    ["an unknown charger", 404, () => ({ identity: "UNKNOWN-1" }), { code: "NOT_FOUND" }],
    ["a viewer", 403, () => ({ key: tenant.viewer }), { code: "FORBIDDEN" }],
    [
      "a time in the past",
      400,
      () => ({ body: { ...asked, expiresAt: "2020-01-01T00:00:00Z" } }),
      { issues: [{ path: ["expiresAt"] }] },
    ],
    ["no tag", 400, () => ({ body: { ...asked, idTag: "" } }), { issues: [{ path: ["idTag"] }] }],
    [
      "a tag that the version cannot carry",
      400,
      () => ({ body: { ...asked, idTag: "A".repeat(version === "OCPP1.6" ? 21 : 37) } }),
      { issues: [{ path: ["idTag"] }] },
    ],
  ])("are refused for %s, with %i", async (_what, status, to, error) => {
    const answer = await ask("POST", { body: asked, ...to() });
    expect([answer.status, answer.body]).toMatchObject([status, { error }]);
  });

  it("of others, unknown ones and ended ones are not cancelled", async () => {
    const foreign = await newTenant("reservations-foreign");
    const end = `/${own.reservation}`;
    expect((await ask("DELETE", { end, key: foreign.owner })).status).toBe(404);
    expect((await ask("GET", { key: foreign.owner })).status).toBe(404);
    expect((await ask("DELETE", { end, key: tenant.viewer })).status).toBe(403);
    expect((await ask("DELETE", { end: "/rsv_01ARZ3NDEKTSV4RRFFQ69G5FAV" })).status).toBe(404);
    expect((await ask("DELETE", { end: "/x" })).status).toBe(404);
    expect((await ask("DELETE", { end })).status).toBe(409);
  });
});
