import { describe, expect, it } from "vitest";
import { Unavailable } from "../../../../src/errors.ts";
import type { CommandOutcome } from "../../../../src/ports.ts";
import { createWorld, post } from "../access-world.ts";
import { RESET_PATH, send, status } from "./send-command.ts";

function failure(code: string, message: string, extra: Record<string, unknown> = {}) {
  return { success: false, error: { code, message, ...extra, requestId: "req_1" } };
}

interface Words {
  ocppErrorCode: string;
  ocppErrorDescription: string;
  message: string;
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
      "report with a gap",
      { kind: "incompleteReport", missing: [1, 3] },
      504,
      null,
      failure("INCOMPLETE_REPORT", "Charger CP-1 ended its report without the parts 1, 3", {
        sent: true,
        missing: [1, 3],
      }),
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

  it.each([
    ["the session", RESET_PATH, { type: "Soft" }],
    [
      "what is asked before a command goes out",
      "/api/v1/chargers/CP-1/configuration/change",
      { key: "SecurityProfile", value: "1" },
    ],
  ])("says that nothing was sent when %s turns the request away", async (_who, path, body) => {
    const world = createWorld();
    const turnAway = () => Promise.reject(new Unavailable("overloaded"));
    Object.assign(world.ports.sessions, { command: turnAway, snapshot: turnAway });
    expect(await send(world, status("accepted"), path, body)).toEqual({
      status: 503,
      retryAfter: "5",
      body: failure("SERVICE_UNAVAILABLE", "Service temporarily unavailable", { sent: false }),
    });
  });

  it("another organisation's charger is answered like an unknown one", async () => {
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

  it("shows no secret and no endless text of a station's CALLERROR", async () => {
    const url = "ftp://user:hunter2@files.example.com/x";
    const outcome = (description: string): CommandOutcome => ({
      kind: "stationError",
      code: `Odd${"d".repeat(1000)}`,
      description,
      action: "Reset",
    });
    const redacted = await send(createWorld(), outcome(`cannot fetch ${url} ${"\u{1f50c}".repeat(1000)}`));
    const { ocppErrorCode, ocppErrorDescription, message } = redacted.body.error as unknown as Words;
    expect(ocppErrorDescription).toMatch(/^cannot fetch ftp:\/\/\*\*\*@files\.example\.com\/x /);
    expect([ocppErrorDescription.length, ocppErrorDescription.isWellFormed()]).toEqual([255, true]);
    expect([ocppErrorCode.length, message.length < 200]).toEqual([50, true]);
    const inside = await send(createWorld(), outcome('{"AuthorizationKey":"hunter2"}'));
    expect(inside.body.error).toMatchObject({ ocppErrorDescription: '{"AuthorizationKey":"***"}' });
  });

  it("shows no secret and no endless text of a 2.x station's status info", async () => {
    const additionalInfo = `sftp://user:hunter2@files.example.com/${"x".repeat(2000)}`;
    const statusInfo = { reasonCode: "InvalidURL", additionalInfo };
    const answer = { kind: "status", status: "rejected", ocppStatus: "Rejected", statusInfo } as const;
    const { body } = await send(createWorld(), { kind: "answered", version: "ocpp2.1", answer });
    const shown = `sftp://***@files.example.com/${"x".repeat(2000)}`.slice(0, 1024);
    expect(body["statusInfo"]).toEqual({ reasonCode: "InvalidURL", additionalInfo: shown });
  });

  it("asks the session without touching the database", async () => {
    const noDatabase = () => Promise.reject(new Error("the database was asked"));
    const world = createWorld();
    world.ports.chargers.findByIdentity = noDatabase;
    const key = await world.apiKey("operator");
    world.sessions.outcome = status("accepted");
    await world.request(RESET_PATH, post(key, { type: "Soft" }));
    const before = world.lookUps.length;
    const response = await world.request(RESET_PATH, post(key, { type: "Hard" }));
    expect([response.status, world.lookUps.length - before]).toEqual([200, 0]);
  });
});

describe("the deadline of a command", () => {
  it("is 30 seconds unless the caller names another", async () => {
    const world = createWorld();
    await send(world, status("accepted"));
    await send(world, status("accepted"), `${RESET_PATH}?timeout=5`);
    expect(world.sessions.commands).toMatchObject([{ timeoutMs: 30_000 }, { timeoutMs: 5_000 }]);
  });

  it.each(["0", "121", "-1", "1.5", "abc", ""])("cannot be %o", async (timeout) => {
    const world = createWorld();
    const { status: code, body } = await send(world, status("accepted"), `${RESET_PATH}?timeout=${timeout}`);
    expect([code, body.error.issues]).toMatchObject([400, [{ location: "query", path: ["timeout"] }]]);
    expect(world.sessions.commands).toEqual([]);
  });

  const everything = "/api/v1/chargers/CP-1/configuration/get";

  it("of a request for all keys depends on the OCPP version of the connection, and the message names the one that applied", async () => {
    const world = createWorld();
    const outcome = { kind: "timeout", sent: true, timeoutMs: 30_000 } as const;
    const { body } = await send(world, outcome, everything, {});
    expect(world.sessions.commands).toMatchObject([
      { timeoutMs: { "ocpp1.6": 30_000, "ocpp2.0.1": 60_000, "ocpp2.1": 60_000 } },
    ]);
    expect(body.error.message).toBe("Charger CP-1 did not respond within 30 seconds");
  });

  it.each([
    [everything, { key: ["HeartbeatInterval"] }, 30_000],
    [`${everything}?timeout=90`, {}, 90_000],
  ])("of %s with %j is one for all versions", async (path, body, timeoutMs) => {
    const world = createWorld();
    await send(world, { kind: "offline" }, path, body);
    expect(world.sessions.commands).toMatchObject([{ timeoutMs }]);
  });

  it("is named in the timeout's message", async () => {
    const { body } = await send(createWorld(), { kind: "timeout", sent: true }, `${RESET_PATH}?timeout=1`);
    expect(body.error.message).toBe("Charger CP-1 did not respond within 1 second");
  });
});
