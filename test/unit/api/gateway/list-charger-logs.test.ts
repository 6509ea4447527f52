import { beforeEach, describe, expect, test } from "vitest";
import { parseDateTime } from "../../../../src/api/gateway/parse-date-time.ts";
import type { FrameRow } from "../../../../src/ports.ts";
import { chargerBody, type Gateway, openGateway } from "./gateway.ts";

const BOOT =
  '[2,"boot-001","BootNotification",{"chargePointVendor":"OCPPLAB","chargePointModel":"SDK-DC-50"}]';

let gateway: Gateway;
let id: string;
beforeEach(async () => {
  gateway = await openGateway();
  const body = chargerBody(gateway.location().id);
  const { json } = await gateway.call("/ocpp/chargers", { body });
  id = (json as { charger_id: string }).charger_id;
});

const logs = (query = "", options: object = {}) => gateway.call(`/ocpp/chargers/${id}/logs${query}`, options);
const asked = () => gateway.fleet.frameQueries.at(-1)?.query;

function frame(over: Partial<FrameRow> = {}): FrameRow {
  const atMs = Date.parse("2026-04-09T09:30:00Z");
  return { direction: "cp_to_csms", action: "BootNotification", message: BOOT, atMs, ...over };
}

test("frames come as the session has them, the raw frame as a string", async () => {
  gateway.fleet.frames.set(id, [
    frame({ direction: "csms_to_cp", action: null, message: "[" }),
    frame(),
    frame({ action: "Heartbeat" }),
  ]);
  const answer = await logs("?limit=2");
  const timestamp = "2026-04-09T09:30:00.000Z";
  expect(answer.json).toEqual({
    data: [
      { direction: "csms_to_cp", action: null, message: "[", timestamp },
      { direction: "cp_to_csms", action: "BootNotification", message: BOOT, timestamp },
    ],
    total: 3,
    limit: 2,
    offset: 0,
  });
  expect(gateway.fleet.frameQueries[0]?.ref).toEqual({
    organizationSlug: gateway.organization.slug,
    identity: "CP-FAST-201",
    chargerId: id,
  });
});

test("a charger that never connected has no frames", async () => {
  expect((await logs()).json).toEqual({ data: [], total: 0, limit: 100, offset: 0 });
});

test("filters reach the session, dates as moments", async () => {
  await logs(
    "?start_date=2026-04-09T11:30:00%2B02:00&end_date=2026-04-10&event=heartbeat&limit=1000&offset=7",
  );
  expect(asked()).toEqual({
    startMs: Date.parse("2026-04-09T09:30:00Z"),
    endMs: Date.parse("2026-04-10T00:00:00Z"),
    action: "heartbeat",
    limit: 1000,
    offset: 7,
  });
});

test("empty filters count as absent", async () => {
  await logs("?start_date=&end_date=&event=");
  expect(asked()).toEqual({ startMs: null, endMs: null, action: null, limit: 100, offset: 0 });
});

test("a bound between two milliseconds includes only what is inside", async () => {
  await logs("?start_date=2026-04-09T09:30:00.0005Z&end_date=2026-04-09T09:30:00.0015Z");
  const second = Date.parse("2026-04-09T09:30:00Z");
  expect(asked()).toMatchObject({ startMs: second + 1, endMs: second + 1 });
});

test("everything wrong with the query is found at once", async () => {
  const answer = await logs("?start_date=yesterday&end_date=2026-13-01&limit=1001&offset=-1");
  expect(answer.json).toEqual({
    detail: [
      {
        type: "datetime_from_date_parsing",
        loc: ["query", "start_date"],
        msg: "Input should be a valid datetime or date, input is too short",
        input: "yesterday",
        ctx: { error: "input is too short" },
      },
      expect.objectContaining({
        type: "datetime_from_date_parsing",
        ctx: { error: "month value is outside expected range of 1-12" },
      }),
      expect.objectContaining({ type: "less_than_equal", loc: ["query", "limit"], ctx: { le: 1000 } }),
      expect.objectContaining({ type: "greater_than_equal", loc: ["query", "offset"], ctx: { ge: 0 } }),
    ],
  });
});

test.each(["?limit=", "?offset=x", "?limit=0"])("the number in %s is refused", async (query) => {
  expect((await logs(query)).status).toBe(422);
});

test("frames are for operators: a viewer is refused, and no session is asked", async () => {
  const token = await gateway.token({ org: gateway.organization.id, role: "viewer" });
  const answer = await logs("", { token });
  expect([answer.status, answer.json]).toEqual([
    403,
    { detail: "Insufficient permissions or missing required claims" },
  ]);
  expect(gateway.fleet.frameQueries).toEqual([]);
});

test("another organisation's charger does not exist, and no session is asked", async () => {
  const token = await gateway.token({ org: gateway.fleet.addOrganization().id, role: "owner" });
  expect((await logs("", { token })).json).toEqual({ detail: "Charger not found" });
  id = "dep-123";
  expect((await logs()).json).toEqual({ detail: "Charger not found" });
  expect(gateway.fleet.frameQueries).toEqual([]);
});

describe("a date-time", () => {
  const noon = Date.parse("2026-04-09T12:00:00Z");
  test.each([
    ["2026-04-09T12:00:00Z", noon],
    ["2026-04-09t12:00:00z", noon],
    ["2026-04-09 12:00", noon],
    ["2026-04-09T14:00:00 02:00", noon],
    ["2026-04-09T10:30:00-0130", noon],
    ["2026-04-09T12:00:00.123456789Z", noon + 123.456789],
    ["2026-04-09T12:00:00.069Z", noon + 69],
    ["2024-02-29", Date.parse("2024-02-29T00:00:00Z")],
    ["0001-01-01", Date.parse("0001-01-01T00:00:00Z")],
  ])("%s is understood", (text, ms) => {
    expect(parseDateTime(text)).toEqual({ ms });
  });

  test.each([
    "2026-02-29",
    "2026-00-01",
    "2026-04-09T24:00:00Z",
    "2026-04-09T12:60:00Z",
    "2026-04-09T12:00:60Z",
    "2026-04-09T12:00:00+24:00",
    "2026-04-09T12",
    "1775736000",
    "9".repeat(100_000),
  ])("%s is refused", (text) => {
    expect(parseDateTime(text)).toEqual({ reason: expect.any(String) });
  });
});
