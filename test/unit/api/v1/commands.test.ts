import { describe, expect, it } from "vitest";
import type { CommandOutcome } from "../../../../src/ports.ts";
import { createWorld } from "../access-world.ts";
import { send, status } from "./send-command.ts";

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
        connectorId: null,
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
    ["diagnostics", { location: "ftp:/user:pw@files.example.com/" }, "location"],
    ["diagnostics", { location: "ftp:user:pw@files.example.com/" }, "location"],
    ["diagnostics", { location: "ftp:\\\\user:pw@files.example.com/" }, "location"],
    ["diagnostics", { location: "ftp://us er:pw@files.example.com/" }, "location"],
    ["diagnostics", { location: "ftp://us\ter:pw@files.example.com/" }, "location"],
    ["diagnostics", { location: " ftp://files.example.com/" }, "location"],
    ["diagnostics", { location: "https://files.example.com/\u0001" }, "location"],
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
    expect([code, answer.error.issues[0]?.path]).toEqual([400, [field]]);
    expect(answer.error.issues[0]?.message).toContain(field);
    expect(world.sessions.commands).toEqual([]);
  });

  it.each(["ftp", "FTPS", "sftp"])("answers %s locations without their user", async (scheme) => {
    const world = createWorld();
    const secret = `${scheme}://us"er:pw@files.example.com/x`;
    const body = { location: secret, retrieveDate: "2026-02-10T14:00:00Z" };
    const outcome = { kind: "answered", version: "ocpp2.0.1", answer: transfer } as const;
    const answer = await send(world, outcome, "/api/v1/chargers/CP-1/firmware/update", body);
    expect(answer.body.location).toBe(`${scheme}://***@files.example.com/x`);
    expect(world.sessions.commands).toMatchObject([{ command: { location: secret } }]);
  });

  it("shows no credential that a station or a caller put into an address or a vendor's message", async () => {
    const answered = (answer: object) => ({ kind: "answered", version: "ocpp1.6", answer }) as CommandOutcome;
    const ask = async (path: string, body: object, answer: object) =>
      (await send(createWorld(), answered(answer), `/api/v1/chargers/CP-1/${path}`, body)).body;
    const signed = "https://u:hunter2@files.example.com/fw.bin?sig=hunter2";
    const configurationKey = [{ key: "BackOffice", readonly: false, value: signed }];
    const configuration = {
      kind: "configuration",
      configurationKey,
      unknownKey: [],
      ocppStatus: null,
      statusInfo: null,
    };
    const shown = [{ key: "BackOffice", readonly: false, value: "https://***@files.example.com/fw.bin?***" }];
    expect((await ask("configuration/get", {}, configuration)).configurationKey).toEqual(shown);
    const changed = {
      kind: "configurationChange",
      status: "Accepted",
      ocppStatus: "Accepted",
      statusInfo: null,
    };
    const change = { key: "WifiPassword", value: "hunter2" };
    expect((await ask("configuration/change", change, changed)).value).toBe("***");
    const transferred = {
      kind: "dataTransfer",
      status: "accepted",
      ocppStatus: "Accepted",
      responseData: '{"adminPassword":"hunter2","ssid":"depot"}',
      statusInfo: null,
    };
    expect((await ask("data-transfer", { vendorId: "V" }, transferred)).responseData).toBe(
      '{"adminPassword":"***","ssid":"depot"}',
    );
    const body = {
      location: "https://files.example.com/fw.bin?sig=hunter2",
      retrieveDate: "2026-02-10T14:00:00Z",
    };
    expect((await ask("firmware/update", body, transfer)).location).toBe(
      "https://files.example.com/fw.bin?***",
    );
  });

  it.each([
    ["firmware/update", { retrieveDate: "2026-02-10T14:00:00Z" }],
    ["diagnostics", {}],
  ])("%s takes no host but those that the organisation lists", async (path, rest) => {
    const world = createWorld({ ALLOW_PRIVATE_TARGETS: "true" });
    const answerTo = async (url: string) => {
      const body = { location: url, ...rest };
      const outcome = { kind: "answered", version: "ocpp2.0.1", answer: transfer } as const;
      const answer = await send(world, outcome, `/api/v1/chargers/CP-1/${path}`, body);
      return answer.status === 200 ? "sent" : answer.body.error.issues[0];
    };
    const refusal = {
      location: "body",
      path: ["location"],
      code: "not_allowed",
      message: "location must be a host that the organisation allows",
    };
    world.organization.transferHosts = ["Files.example.com", "*.cdn.example.com"];
    expect(await answerTo("https://files.example.com:8443/x")).toBe("sent");
    expect(await answerTo("sftp://u:p@FILES.example.com./x")).toBe("sent");
    expect(await answerTo("https://a.b.cdn.example.com/x")).toBe("sent");
    expect(await answerTo("https://cdn.example.com/x")).toEqual(refusal);
    expect(await answerTo("https://evil-files.example.com/x")).toEqual(refusal);
    expect(await answerTo("sftp://files.example.com@evil.example/x")).toEqual(refusal);
    world.organization.transferHosts = [];
    expect(await answerTo("https://files.example.com/x")).toEqual(refusal);
  });

  it.each([
    ["configuration/change", { key: "K", value: "v" }, "/key", ["key"]],
    ["configuration/change", { key: "A.B", value: "v" }, "/setVariableData/0/variable/name", ["key"]],
    ["configuration/change", { key: "A.B", value: "v" }, "/setVariableData/0/attributeValue", ["value"]],
    ["configuration/get", { key: ["K"] }, "/key/0", ["key"]],
    ["configuration/get", { key: ["A.B"] }, "/getVariableData/0/component/name", ["key"]],
    ["diagnostics", { location }, "/log/remoteLocation", ["location"]],
    ["data-transfer", { vendorId: "V" }, "", []],
  ])("%s of %j that breaks the schema at %j names the field", async (path, body, pointer, field) => {
    const outcome = { kind: "invalidCommand", reason: `X ${pointer} maxLength`, pointer } as const;
    const { status: code, body: answer } = await send(
      createWorld(),
      outcome,
      `/api/v1/chargers/CP-1/${path}`,
      body,
    );
    const message = `The OCPP version of the connection cannot carry ${field[0] ?? "this command"}: X ${pointer} maxLength`;
    expect([code, answer.error]).toEqual([
      400,
      {
        code: "VALIDATION_ERROR",
        message: "Request validation failed",
        issues: [{ location: "body", path: field, code: "not_supported", message }],
      },
    ]);
  });

  it("an empty message id of a data transfer is left out", async () => {
    const world = createWorld();
    const answer = { kind: "dataTransfer", status: "Accepted", responseData: null, ...word } as const;
    const sent = await send(
      world,
      { kind: "answered", version: "ocpp1.6", answer },
      "/api/v1/chargers/CP-1/data-transfer",
      { vendorId: "V", messageId: "", data: "" },
    );
    expect(sent.body["messageId"]).toBeNull();
    expect(world.sessions.commands.map(({ command }) => command)).toEqual([
      { kind: "dataTransfer", vendorId: "V", data: "" },
    ]);
  });

  it("shows the file a station names without the user of its URL", async () => {
    const answer = { ...transfer, fileName: "ftp://user:pw@files.example.com/diag.zip" };
    const outcome = { kind: "answered", version: "ocpp1.6", answer } as const;
    const { body } = await send(createWorld(), outcome, "/api/v1/chargers/CP-1/diagnostics", { location });
    expect(body["fileName"]).toBe("ftp://***@files.example.com/diag.zip");
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
