import { describe, expect, it } from "vitest";
import type { CommandOutcome } from "../../../../src/ports.ts";
import { createWorld, post } from "../access-world.ts";
import type { World } from "../access-world.ts";

const PATH = "/api/v1/chargers/CP-1/reset";

async function send(world: World, outcome: CommandOutcome, path = PATH, body: unknown = { type: "Soft" }) {
  world.sessions.outcome = outcome;
  const response = await world.request(
    path,
    post(await world.apiKey("operator"), body, { "x-request-id": "req_1" }),
  );
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    body: await response.json(),
  };
}

function status(word: string, ocppStatus = "Accepted"): CommandOutcome {
  const answer = { kind: "status", status: word, ocppStatus, statusInfo: null } as const;
  return { kind: "answered", version: "ocpp1.6", answer };
}

function failure(code: string, message: string, extra: Record<string, unknown> = {}) {
  return { success: false, error: { code, message, ...extra, requestId: "req_1" } };
}

describe("what became of a command", () => {
  it.each<[string, CommandOutcome, number, string | null, unknown]>([
    [
      "accepted",
      status("accepted"),
      200,
      null,
      {
        message: "Soft reset accepted by charger",
        chargeBoxId: "CP-1",
        type: "Soft",
        status: "accepted",
        ocppStatus: "Accepted",
      },
    ],
    [
      "rejected",
      status("rejected", "Rejected"),
      200,
      null,
      {
        message: "Soft reset rejected by charger",
        chargeBoxId: "CP-1",
        type: "Soft",
        status: "rejected",
        ocppStatus: "Rejected",
      },
    ],
    [
      "scheduled",
      status("scheduled", "Scheduled"),
      200,
      null,
      {
        message: "Soft reset scheduled by charger until no transaction is active",
        chargeBoxId: "CP-1",
        type: "Soft",
        status: "scheduled",
        ocppStatus: "Scheduled",
      },
    ],
    [
      "offline",
      { kind: "offline" },
      503,
      "30",
      failure("SERVICE_UNAVAILABLE", "Charger CP-1 is not connected", { sent: false }),
    ],
    [
      "busy",
      { kind: "busy" },
      503,
      "1",
      failure("CHARGER_BUSY", "Too many commands wait for charger CP-1", { sent: false }),
    ],
    [
      "lost before it was sent",
      { kind: "lost", sent: false, reason: "disconnected" },
      503,
      null,
      failure("CONNECTION_LOST", "The connection to charger CP-1 was lost", { sent: false }),
    ],
    [
      "lost in flight",
      { kind: "lost", sent: true, reason: "superseded" },
      503,
      null,
      failure("CONNECTION_LOST", "The connection to charger CP-1 was lost", { sent: true }),
    ],
    [
      "timed out in the queue",
      { kind: "timeout", sent: false },
      504,
      null,
      failure("TIMEOUT", "Charger CP-1 did not respond within 30 seconds", { sent: false }),
    ],
    [
      "timed out in flight",
      { kind: "timeout", sent: true },
      504,
      null,
      failure("TIMEOUT", "Charger CP-1 did not respond within 30 seconds", { sent: true }),
    ],
    [
      "CALLERROR",
      { kind: "stationError", code: "InternalError", description: "out of memory", action: "Reset" },
      502,
      null,
      failure("OCPP_ERROR", "Charger CP-1 answered with an OCPP error: InternalError", {
        ocppErrorCode: "InternalError",
        ocppErrorDescription: "out of memory",
        ocppAction: "Reset",
        sent: true,
      }),
    ],
    [
      "CALLERROR NotImplemented",
      { kind: "stationError", code: "NotImplemented", description: "", action: "Reset" },
      502,
      null,
      failure("OCPP_ERROR", "Charger CP-1 answered with an OCPP error: NotSupported", {
        ocppErrorCode: "NotSupported",
        ocppErrorDescription: "",
        ocppAction: "Reset",
        sent: true,
      }),
    ],
    [
      "malformed answer",
      { kind: "invalidAnswer", reason: "status" },
      502,
      null,
      failure("INVALID_RESPONSE", "Charger CP-1 gave an answer that breaks the OCPP schema", { sent: true }),
    ],
    [
      "not accepted",
      { kind: "notAccepted" },
      409,
      null,
      { success: false, error: { code: "CONFLICT", message: "Charger CP-1 is not accepted yet" } },
    ],
    [
      "unknown",
      { kind: "notProvisioned" },
      404,
      null,
      { success: false, error: { code: "NOT_FOUND", message: "Charger CP-1 not found" } },
    ],
  ])("%s", async (_title, outcome, expectedStatus, retryAfter, body) => {
    expect(await send(createWorld(), outcome)).toEqual({ status: expectedStatus, retryAfter, body });
  });

  it("a charger with a row and no session is not connected", async () => {
    const world = createWorld();
    await world.request("/api/v1/chargers", post(await world.apiKey("owner"), { chargeBoxId: "CP-1" }));
    const { status: code, body } = await send(world, { kind: "notProvisioned" });
    expect([code, body.error.message]).toEqual([503, "Charger CP-1 is not connected"]);
  });

  it("another organisation's charger is as unknown as any", async () => {
    const world = createWorld();
    await world.request(
      "/api/v1/chargers",
      post(await world.apiKey("owner", world.other), { chargeBoxId: "CP-1" }),
    );
    const { status: code, body } = await send(world, { kind: "notProvisioned" });
    expect([code, body.error.message]).toEqual([404, "Charger CP-1 not found"]);
    expect(world.sessions.commands).toMatchObject([{ ref: { organizationSlug: "acme", identity: "CP-1" } }]);
  });

  it("shows the status info of a 2.x station", async () => {
    const statusInfo = { reasonCode: "OccupiedByEV", additionalInfo: null };
    const answer = { kind: "status", status: "rejected", ocppStatus: "Rejected", statusInfo } as const;
    const { body } = await send(createWorld(), { kind: "answered", version: "ocpp2.0.1", answer });
    expect(body).toMatchObject({ ocppStatus: "Rejected", statusInfo });
  });

  it("asks the session without touching the database", async () => {
    const noDatabase = () => Promise.reject(new Error("the database was asked"));
    const world = createWorld();
    world.ports.chargers.findByIdentity = noDatabase;
    const key = await world.apiKey("operator");
    world.sessions.outcome = status("accepted");
    await world.request(PATH, post(key, { type: "Soft" }));
    const before = world.lookUps.length;
    const response = await world.request(PATH, post(key, { type: "Hard" }));
    expect([response.status, world.lookUps.length - before]).toEqual([200, 0]);
  });
});

describe("the deadline of a command", () => {
  it("is 30 seconds unless the caller names another", async () => {
    const world = createWorld();
    await send(world, status("accepted"));
    await send(world, status("accepted"), `${PATH}?timeout=5`);
    expect(world.sessions.commands).toMatchObject([{ timeoutMs: 30_000 }, { timeoutMs: 5_000 }]);
  });

  it.each(["0", "121", "-1", "1.5", "abc", ""])("cannot be %o", async (timeout) => {
    const world = createWorld();
    const { status: code, body } = await send(world, status("accepted"), `${PATH}?timeout=${timeout}`);
    expect([code, body.error.issues]).toMatchObject([400, [{ location: "query", path: ["timeout"] }]]);
    expect(world.sessions.commands).toEqual([]);
  });

  it("is named in the timeout's message", async () => {
    const { body } = await send(createWorld(), { kind: "timeout", sent: true }, `${PATH}?timeout=1`);
    expect(body.error.message).toBe("Charger CP-1 did not respond within 1 second");
  });
});

describe("each command", () => {
  const word = { ocppStatus: "Accepted", statusInfo: null };
  const transfer = {
    kind: "transfer",
    status: "accepted",
    requestId: 17,
    fileName: "diag.zip",
    ...word,
  } as const;
  const location = "https://files.example.com/x";

  it.each<[string, unknown, unknown, CommandOutcome, Record<string, unknown>]>([
    [
      "unlock",
      { connectorId: 1 },
      { kind: "unlock", connectorId: 1 },
      status("unlocked"),
      { message: "Connector unlocked successfully", connectorId: 1, status: "unlocked" },
    ],
    [
      "cache/clear",
      {},
      { kind: "clearCache" },
      status("accepted"),
      { message: "Cache cleared successfully", status: "accepted" },
    ],
    [
      "trigger",
      { requestedMessage: "Heartbeat" },
      { kind: "trigger", requestedMessage: "Heartbeat" },
      status("not_implemented"),
      {
        message: "Message not implemented by charger",
        requestedMessage: "Heartbeat",
        status: "not_implemented",
      },
    ],
    [
      "availability",
      { connectorId: 0, type: "Inoperative" },
      { kind: "availability", connectorId: 0, type: "Inoperative" },
      status("scheduled"),
      {
        message: "Availability change scheduled until the transaction ends",
        connectorId: 0,
        type: "Inoperative",
        status: "scheduled",
      },
    ],
    [
      "configuration/get",
      { key: ["A"] },
      { kind: "getConfiguration", keys: ["A"] },
      {
        kind: "answered",
        version: "ocpp1.6",
        answer: {
          kind: "configuration",
          configurationKey: [{ key: "A", readonly: false, value: "1" }],
          unknownKey: [],
          ocppStatus: null,
          statusInfo: null,
        },
      },
      { configurationKey: [{ key: "A", readonly: false, value: "1" }], unknownKey: [] },
    ],
    [
      "configuration/change",
      { key: "A", value: "" },
      { kind: "changeConfiguration", key: "A", value: "" },
      {
        kind: "answered",
        version: "ocpp1.6",
        answer: { kind: "configurationChange", status: "RebootRequired", ...word },
      },
      {
        key: "A",
        value: "",
        status: "RebootRequired",
        message: "Configuration accepted, reboot required to apply it",
      },
    ],
    [
      "firmware/update",
      { location, retrieveDate: "2026-02-10T15:00:00+01:00" },
      { kind: "updateFirmware", location, retrieveDate: "2026-02-10T14:00:00.000Z" },
      { kind: "answered", version: "ocpp2.0.1", answer: transfer },
      {
        message: "Firmware update accepted by charger",
        location,
        retrieveDate: "2026-02-10T14:00:00.000Z",
        ocppRequestId: 17,
        status: "accepted",
      },
    ],
    [
      "diagnostics",
      { location },
      { kind: "diagnostics", location },
      { kind: "answered", version: "ocpp2.0.1", answer: transfer },
      {
        message: "Diagnostics upload accepted by charger",
        fileName: "diag.zip",
        ocppRequestId: 17,
        status: "accepted",
      },
    ],
    [
      "data-transfer",
      { vendorId: "V" },
      { kind: "dataTransfer", vendorId: "V" },
      {
        kind: "answered",
        version: "ocpp1.6",
        answer: { kind: "dataTransfer", status: "UnknownVendorId", responseData: null, ...word },
      },
      {
        message: "Vendor id unknown to charger",
        vendorId: "V",
        messageId: null,
        status: "UnknownVendorId",
        responseData: null,
      },
    ],
  ])(
    "%s is sent in neutral words and answered in the station's",
    async (path, body, command, outcome, answer) => {
      const world = createWorld();
      const sent = await send(world, outcome, `/api/v1/chargers/CP-1/${path}`, body);
      expect(sent.status).toBe(200);
      expect(sent.body).toMatchObject({ chargeBoxId: "CP-1", ...answer });
      expect(world.sessions.commands).toMatchObject([{ command }]);
    },
  );

  it.each([
    [
      "firmware/update",
      { location: "http://169.254.169.254/", retrieveDate: "2026-02-10T14:00:00Z" },
      "location",
    ],
    [
      "firmware/update",
      { location: "https://user:pw@files.example.com/", retrieveDate: "2026-02-10T14:00:00Z" },
      "location",
    ],
    ["firmware/update", { location, retrieveDate: "2026-02-10T14:00:00" }, "retrieveDate"],
    ["diagnostics", { location: "gopher://example.com/" }, "location"],
    ["diagnostics", { location: "https://0x7f000001/" }, "location"],
    [
      "diagnostics",
      { location, startTime: "2026-02-10T00:00:00Z", stopTime: "2026-02-09T00:00:00Z" },
      "stopTime",
    ],
  ])("%s refuses %j", async (path, body, field) => {
    const world = createWorld();
    const { status: code, body: answer } = await send(
      world,
      status("accepted"),
      `/api/v1/chargers/CP-1/${path}`,
      body,
    );
    expect(code).toBe(400);
    expect(answer.error.issues[0].message).toContain(field);
    expect(world.sessions.commands).toEqual([]);
  });

  it.each(["AuthorizationKey", "authorizationkey", "SecurityCtrlr.BasicAuthPassword"])(
    "%s cannot be set as configuration",
    async (key) => {
      const world = createWorld();
      const path = "/api/v1/chargers/CP-1/configuration/change";
      const { status: code, body } = await send(world, status("accepted"), path, { key, value: "secret" });
      expect([code, body.error]).toEqual([
        403,
        { code: "FORBIDDEN", message: "Use POST /api/v1/chargers/CP-1/authorization-key" },
      ]);
      expect(world.sessions.commands).toEqual([]);
    },
  );
});
