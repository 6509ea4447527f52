import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/ocpp/json.ts";
import { SENDABLE_ACTIONS } from "../../../../src/ocpp/sendable-actions.ts";
import type { OcppVersion } from "../../../../src/ocpp/version.ts";
import { clearPayload, profilePayload, type Layer } from "../../../../src/settings/profiles.ts";
import { limitPayload, unlimitPayload } from "../../../../src/settings/transaction-limit.ts";
import type { CommandOutcome, SecurityProfile, SessionSnapshot } from "../../../../src/ports.ts";
import { bodyOf, createWorld, type World } from "../access-world.ts";
import { send } from "./send-command.ts";

const MESSAGE_ID = "7d1f3c1e-6a55-4a0e-9a55-0d2b7b1c0a11";

function answered(payload: JsonObject, version: OcppVersion = "ocpp2.0.1"): CommandOutcome {
  return { kind: "answered", version, answer: { kind: "payload", payload }, messageId: MESSAGE_ID };
}

const pathOf = (action: string, query = "") => `/api/v1/chargers/CHARGER-001/ocpp/${action}${query}`;

/** Sends a request, to a station that accepts everything. */
async function call(action: string, payload: unknown, world = createWorld(), query = "") {
  const result = await send(world, answered({ status: "Accepted" }), pathOf(action, query), payload);
  return { ...result, commands: world.sessions.commands };
}

describe("any OCPP call", () => {
  it("is answered with the station's own words and the message they came in", async () => {
    const payload = { requestId: 17, reportBase: "FullInventory" };
    const { status, body, commands } = await call("GetBaseReport", payload, createWorld(), "?timeout=9");
    expect([status, body]).toEqual([
      200,
      {
        chargeBoxId: "CHARGER-001",
        action: "GetBaseReport",
        ocppVersion: "ocpp2.0.1",
        messageId: MESSAGE_ID,
        response: { status: "Accepted" },
      },
    ]);
    expect(commands).toMatchObject([
      { command: { kind: "raw", action: "GetBaseReport", payload, onlyVersion: null }, timeoutMs: 9000 },
    ]);
  });

  it("carries no body, an empty one and `{}` alike, and names the version it is for", async () => {
    const world = createWorld();
    const request = { method: "POST", headers: { "x-api-key": await world.apiKey("operator") } };
    world.sessions.outcome = answered({ status: "Accepted" }, "ocpp1.6");
    const response = await world.request(pathOf("ClearCache", "?ocppVersion=ocpp1.6"), request);
    expect([response.status, (await bodyOf(response)).ocppVersion]).toEqual([200, "ocpp1.6"]);
    expect(world.sessions.commands).toMatchObject([{ command: { payload: {}, onlyVersion: "ocpp1.6" } }]);
  });

  it("shows no secret that a station answers", async () => {
    const configurationKey = [
      { key: "AuthorizationKey", readonly: false, value: "0001020304" },
      { key: "LogUrl", readonly: false, value: "ftp://u:p@logs.example.com/" },
    ];
    const outcome = answered({ configurationKey, unknownKey: [] }, "ocpp1.6");
    const { body } = await send(createWorld(), outcome, pathOf("GetConfiguration"), {});
    expect(body.response).toEqual({
      configurationKey: [
        { key: "AuthorizationKey", readonly: false, value: "***" },
        { key: "LogUrl", readonly: false, value: "ftp://***@logs.example.com/" },
      ],
      unknownKey: [],
    });
  });

  it.each<[CommandOutcome, number, object]>([
    [{ kind: "offline" }, 503, { code: "SERVICE_UNAVAILABLE", sent: false }],
    [{ kind: "lost", sent: true, reason: "disconnected" }, 503, { code: "CONNECTION_LOST", sent: true }],
    [{ kind: "timeout", sent: true }, 504, { code: "TIMEOUT", sent: true }],
    [
      { kind: "stationError", code: "NotImplemented", description: "no", action: "Reset" },
      502,
      { code: "OCPP_ERROR", ocppErrorCode: "NotSupported", ocppAction: "Reset", sent: true },
    ],
    [{ kind: "invalidAnswer", reason: "Reset /status enum" }, 502, { code: "INVALID_RESPONSE", sent: true }],
    [{ kind: "notAccepted" }, 409, { code: "CONFLICT" }],
    [
      { kind: "otherVersion", version: "ocpp1.6" },
      409,
      { code: "CONFLICT", message: "Charger CHARGER-001 speaks ocpp1.6" },
    ],
  ])("that ends with %j is answered as any command", async (outcome, status, error) => {
    const result = await send(createWorld(), outcome, pathOf("Reset"), { type: "Hard" });
    expect([result.status, result.body.error]).toEqual([status, expect.objectContaining(error)]);
  });

  it("whose payload breaks the schema of the station's version is told everything that is wrong", async () => {
    const finding = { pointer: "/type", keyword: "enum" };
    const outcome = { kind: "invalidPayload", version: "ocpp2.1", action: "Reset", finding } as const;
    const { status, body } = await send(createWorld(), outcome, pathOf("Reset"), {
      type: "Hard",
      evseId: "1",
    });
    expect([status, body.error.issues]).toEqual([
      400,
      [
        {
          location: "body",
          path: ["type"],
          code: "invalid_value",
          message: "type must be one of: Immediate, OnIdle, ImmediateAndResume",
        },
        { location: "body", path: ["evseId"], code: "invalid_type", message: "evseId must be an integer" },
      ],
    ]);
  });

  it.each([null, [], '"text"', 5, true])("takes no payload of %j", async (payload) => {
    const { status, body, commands } = await call("Reset", payload);
    const issue = {
      location: "body",
      path: [],
      code: "invalid_type",
      message: "Request body must be an object",
    };
    expect([status, body.error.issues, commands]).toEqual([400, [issue], []]);
  });

  it("takes no payload that is nested without end", async () => {
    const payload = (depth: number) =>
      `{"type":"Immediate","customData":{"vendorId":"V","a":${"[".repeat(depth)}${"]".repeat(depth)}}}`;
    expect((await call("Reset", payload(29))).status).toBe(200);
    expect((await call("Reset", payload(30))).status).toBe(400);
    const { status, body, commands } = await call("Reset", payload(5000));
    expect([status, body.error.issues, commands]).toMatchObject([400, [{ code: "too_deep", path: [] }], []]);
  });
});

describe("an action", () => {
  const listed = (...versions: OcppVersion[]) => {
    const actions = new Set(versions.flatMap((version) => SENDABLE_ACTIONS[version]));
    const message = `action must be one of: ${[...actions].toSorted().join(", ")}`;
    return [{ location: "path", path: ["action"], code: "invalid_value", message }];
  };

  it.each(["Heartbeat", "reservenow", "ReserveNowRequest", "__proto__", "NotifyReport", "%20Reset"])(
    "%s that no version lets a central system send is refused with those that one may, connected or not",
    async (action) => {
      const world = createWorld();
      world.ports.sessions.snapshot = async () => null;
      const { status, body, commands } = await call(action, {}, world);
      const every = listed("ocpp1.6", "ocpp2.0.1", "ocpp2.1");
      expect([status, body.error.issues, commands]).toEqual([400, every, []]);
      world.ports.sessions.snapshot = async () => ({ version: "ocpp1.6" }) as SessionSnapshot;
      expect((await call(action, {}, world)).body.error.issues).toEqual(listed("ocpp1.6"));
      expect((await call(action, {}, world, "?ocppVersion=ocpp2.1")).body.error.issues).toEqual(
        listed("ocpp2.1"),
      );
    },
  );

  it("that the station's version does not have is refused with those that it has", async () => {
    const outcome = { kind: "unknownAction", version: "ocpp1.6" } as const;
    const { status, body } = await send(createWorld(), outcome, pathOf("GetBaseReport"), {});
    expect([status, body.error.issues]).toEqual([400, listed("ocpp1.6")]);
  });
});

function worldOf(securityProfile: SecurityProfile): World {
  const world = createWorld();
  world.ports.sessions.snapshot = async () => ({ securityProfile }) as SessionSnapshot;
  return world;
}

describe("what no road to a station may carry", () => {
  it("is a password outside of its rotation", async () => {
    const payload = { key: "authorizationkey", value: "x" };
    const refusal = { code: "FORBIDDEN", message: "Use POST /api/v1/chargers/CHARGER-001/authorization-key" };
    const { status, body, commands } = await call("ChangeConfiguration", payload);
    expect([status, body.error, commands]).toEqual([403, refusal, []]);
    const vendors = { vendorId: "V", data: '{"AuthorizationKey":"x"}' };
    const path = "/api/v1/chargers/CHARGER-001/data-transfer";
    const firstClass = await send(createWorld(), answered({}), path, vendors);
    expect([firstClass.status, firstClass.body.error]).toEqual([403, refusal]);
  });

  const variable = (component: string, name: string, attributeValue: string) => ({
    setVariableData: [{ attributeValue, component: { name: component }, variable: { name } }],
  });
  const network = (securityProfile: number) => ({
    configurationSlot: 1,
    connectionData: { securityProfile },
  });

  it.each<[string, JsonObject, number]>([
    ["ChangeConfiguration", { key: "securityprofile", value: "1" }, 403],
    ["ChangeConfiguration", { key: "SecurityProfile", value: "3" }, 200],
    ["SetVariables", variable("SecurityCtrlr", "SecurityProfile", "1"), 403],
    ["SetVariables", variable("NetworkConfiguration", "SECURITYPROFILE", "0"), 403],
    ["SetVariables", variable("SecurityCtrlr", "SecurityProfile", "2"), 200],
    ["SetNetworkProfile", network(1), 403],
    ["SetNetworkProfile", network(2), 200],
  ])("is a lower security profile: %s %j → %i", async (action, payload, expected) => {
    const { status, commands } = await call(action, payload, worldOf(2));
    expect([status, commands.length]).toEqual([expected, expected === 200 ? 1 : 0]);
  });

  const transfer = (location: string) => ({ location, retrieveDate: "2026-02-10T14:00:00Z" });
  const forbidden = "https://127.0.0.1/x";
  it.each<[string, JsonObject, string]>([
    ["UpdateFirmware", transfer(forbidden), "location"],
    ["UpdateFirmware", transfer("gopher://files.example.com/x"), "location"],
    ["UpdateFirmware", transfer("http://u:p@files.example.com/x"), "location"],
    ["UpdateFirmware", transfer("https:\\\\files.example.com/x"), "location"],
    ["UpdateFirmware", { requestId: 1, firmware: transfer("http://0x7f000001/") }, "firmware.location"],
    ["SignedUpdateFirmware", { requestId: 1, firmware: transfer(forbidden) }, "firmware.location"],
    ["GetDiagnostics", { location: "ftp://[::ffff:10.0.0.1]/" }, "location"],
    ["GetLog", { requestId: 1, log: { remoteLocation: "sftp://localhost/" } }, "log.remoteLocation"],
    ["PublishFirmware", { requestId: 1, location: "http://169.254.169.254/" }, "location"],
    [
      "SetNetworkProfile",
      { connectionData: { ocppCsmsUrl: "wss://10.1.2.3/ocpp" } },
      "connectionData.ocppCsmsUrl",
    ],
    [
      "SetNetworkProfile",
      { connectionData: { ocppCsmsUrl: "https://csms.example.com" } },
      "connectionData.ocppCsmsUrl",
    ],
    ["ChangeConfiguration", { key: "CentralSystemURL", value: "ws://192.168.0.1/" }, "value"],
    [
      "SetVariables",
      variable("NetworkConfiguration", "OcppCsmsUrl", "wss://[::1]/"),
      "setVariableData.0.attributeValue",
    ],
    ["DataTransfer", { vendorId: "V", data: "load http://10.0.0.1/x now" }, "data"],
    ["DataTransfer", { vendorId: "V", data: '{"u":"\\u0068ttp:\\/\\/10.0.0.1"}' }, "data"],
    ["DataTransfer", { vendorId: "V", data: { u: [{ a: "HTTP:////10.0.0.1" }] } }, "data.u.0.a"],
    ["DataTransfer", { vendorId: "V", data: "http:10.0.0.1" }, "data"],
    ["DataTransfer", { vendorId: "V", data: "ws:[::1]/ocpp" }, "data"],
    ["DataTransfer", { vendorId: "V", data: "ht\ntp:/\t/10.0.\r\n0.1/x" }, "data"],
    ["DataTransfer", { vendorId: "V", data: "http://10.0.0.1\nand.example.com" }, "data"],
    [
      "SetDisplayMessage",
      { message: { id: 1, message: { format: "URI", content: "http://router.local/" } } },
      "message.message.content",
    ],
    ["Reset", { type: "Immediate", customData: { vendorId: "V", "ftp://10.0.0.1/": 1 } }, "customData"],
  ])("is an address that the target policy forbids: %s %j at %s", async (action, payload, at) => {
    const world = createWorld({ ALLOW_PRIVATE_TARGETS: "false" });
    const { status, body, commands } = await call(action, payload, world);
    const places = body.error.issues?.map(({ path }) => path.join("."));
    expect([status, places, commands]).toEqual([400, [at], []]);
    expect(body.error.issues).toMatchObject([{ location: "body", code: "not_allowed" }]);
  });

  it("is a host that the organisation does not list", async () => {
    const world = createWorld();
    world.organization.transferHosts = ["files.example.com"];
    world.organization.wsUrlHosts = ["csms.example.com"];
    const statusOf = async (action: string, payload: JsonObject) =>
      (await call(action, payload, world)).status;
    expect(await statusOf("UpdateFirmware", transfer("https://files.example.com/x"))).toBe(200);
    expect(await statusOf("UpdateFirmware", transfer("https://other.example.com/x"))).toBe(400);
    const profile = (ocppCsmsUrl: string) => ({ connectionData: { ocppCsmsUrl } });
    expect(await statusOf("SetNetworkProfile", profile("wss://csms.example.com/ocpp"))).toBe(200);
    expect(await statusOf("SetNetworkProfile", profile("wss://files.example.com/ocpp"))).toBe(400);
    for (const data of ["https://anywhere.example.org/", "ws:1, http:2", "ftp:v1.2"])
      expect(await statusOf("DataTransfer", { vendorId: "V", data })).toBe(200);
  });

  const profile16 = (chargingProfileId: number, chargingProfilePurpose: string, stackLevel: number) => ({
    chargingProfileId,
    chargingProfilePurpose,
    stackLevel,
  });
  const profile2x = (id: number, chargingProfilePurpose: string, stackLevel: number) => ({
    id,
    chargingProfilePurpose,
    stackLevel,
  });
  it.each<[string, JsonObject, number]>([
    ["SetChargingProfile", { csChargingProfiles: profile16(9001, "TxProfile", 5) }, 409],
    ["SetChargingProfile", { csChargingProfiles: profile16(9199, "TxProfile", 5) }, 409],
    ["SetChargingProfile", { csChargingProfiles: profile16(9000, "TxProfile", 5) }, 200],
    ["SetChargingProfile", { csChargingProfiles: profile16(9200, "TxProfile", 5) }, 200],
    ["SetChargingProfile", { csChargingProfiles: profile16(5, "ChargePointMaxProfile", 0) }, 409],
    ["SetChargingProfile", { csChargingProfiles: profile16(5, "ChargePointMaxProfile", 1) }, 200],
    ["SetChargingProfile", { csChargingProfiles: profile16(5, "TxDefaultProfile", 1) }, 409],
    ["SetChargingProfile", { csChargingProfiles: profile16(5, "TxDefaultProfile", 2) }, 200],
    ["SetChargingProfile", { csChargingProfiles: profile16(5, "TxProfile", 0) }, 409],
    ["SetChargingProfile", { chargingProfile: profile2x(9002, "TxProfile", 5) }, 409],
    ["SetChargingProfile", { chargingProfile: profile2x(5, "ChargingStationMaxProfile", 0) }, 409],
    ["SetChargingProfile", { chargingProfile: profile2x(5, "TxProfile", 0) }, 200],
    ["RemoteStartTransaction", { idTag: "A", chargingProfile: profile16(9001, "TxProfile", 5) }, 409],
    ["RemoteStartTransaction", { idTag: "A", chargingProfile: profile16(1, "TxProfile", 0) }, 409],
    ["RequestStartTransaction", { chargingProfile: profile2x(9101, "TxProfile", 5) }, 409],
    ["UpdateDynamicSchedule", { chargingProfileId: 9003 }, 409],
    ["UpdateDynamicSchedule", { chargingProfileId: 3 }, 200],
    ["ClearChargingProfile", { id: 9001 }, 409],
    ["ClearChargingProfile", { id: 1 }, 200],
    ["ClearChargingProfile", {}, 409],
    ["ClearChargingProfile", { connectorId: 1 }, 409],
    ["ClearChargingProfile", { stackLevel: 2 }, 200],
    ["ClearChargingProfile", { stackLevel: 1, chargingProfilePurpose: "TxProfile" }, 200],
    ["ClearChargingProfile", { chargingProfileId: 9199 }, 409],
    [
      "ClearChargingProfile",
      { chargingProfileCriteria: { chargingProfilePurpose: "TxDefaultProfile" } },
      409,
    ],
    ["ClearChargingProfile", { chargingProfileCriteria: { chargingProfilePurpose: "TxProfile" } }, 200],
  ])("is a charging profile of the settings: %s %j → %i", async (action, payload, expected) => {
    const { status, commands } = await call(action, payload, worldOf(2));
    expect([status, commands.length]).toEqual([expected, expected === 200 ? 1 : 0]);
  });

  it("is told after an unknown charger and after a payload that breaks the schema, before anything is sent", async () => {
    const own = { csChargingProfiles: profile16(9001, "TxProfile", 5) };
    const world = createWorld();
    world.ports.sessions.snapshot = async () => ({ version: "ocpp1.6" }) as SessionSnapshot;
    const broken = await call("SetChargingProfile", own, world);
    expect([broken.status, broken.body.error.issues?.[0]?.path]).toEqual([400, ["connectorId"]]);
    const foreign = await call(
      "RequestStartTransaction",
      { chargingProfile: profile2x(9101, "TxProfile", 5) },
      world,
    );
    expect(foreign.status).toBe(400);
    const valid = await call("ClearChargingProfile", { id: 9001 }, world);
    expect(valid.status).toBe(409);
    const stranger = createWorld();
    stranger.ports.sessions.snapshot = async () => null;
    stranger.ports.chargers.findByIdentity = async () => null;
    const unknown = await call("ClearChargingProfile", { id: 9001 }, stranger);
    expect([unknown.status, broken.commands, unknown.commands]).toEqual([404, [], []]);
  });

  it("are all the profiles that the settings send", async () => {
    const now = new Date("2026-11-21T08:00:00Z");
    const layers: Layer[] = [
      { name: "max", purpose: "max", stackLevel: 0, limitA: 16 },
      { name: "max", purpose: "txDefault", stackLevel: 0, limitA: 16 },
      { name: "offline", purpose: "txDefault", stackLevel: 0, limitA: 16 },
      { name: "online", purpose: "txDefault", stackLevel: 1, limitA: 16 },
    ];
    for (const layer of layers)
      for (const version of ["ocpp1.6", "ocpp2.0.1"] as const) {
        // Another id, so that the level alone decides.
        const text = JSON.stringify(profilePayload(layer, version, now)).replace(/:900\d/, ":5");
        expect((await call("SetChargingProfile", JSON.parse(text), worldOf(2))).status).toBe(409);
        expect(
          (await call("ClearChargingProfile", clearPayload(layer.name, version), worldOf(2))).status,
        ).toBe(409);
      }
    const limit = limitPayload({ ...layers[0]! }, { transactionId: 1, evseId: 2 }, now);
    expect(
      (await call("SetChargingProfile", JSON.parse(JSON.stringify(limit).replace(":9102", ":5")), worldOf(2)))
        .status,
    ).toBe(409);
    expect((await call("ClearChargingProfile", unlimitPayload(2), worldOf(2))).status).toBe(409);
  });
});

describe("a report", () => {
  const report = {
    requestId: 17,
    action: "GetBaseReport",
    complete: false,
    missing: [1],
    parts: [{ requestId: 17, seqNo: 0, tbc: true }],
  };

  const read = async (world: World, requestId: string) => {
    const headers = { "x-api-key": await world.apiKey("viewer") };
    const response = await world.request(pathOf(`reports/${requestId}`), { headers });
    return [response.status, await bodyOf(response)];
  };

  it("is shown as far as it has come", async () => {
    const world = createWorld();
    world.ports.sessions.report = async (_ref, requestId) => ({ report: requestId === 17 ? report : null });
    expect(await read(world, "17")).toEqual([200, report]);
  });

  it.each(["18", "x", "1e1", "-1", "99999999999", "17.0"])("that nobody asked for is 404: %s", async (id) => {
    const world = createWorld();
    world.ports.sessions.report = async (_ref, requestId) => ({ report: requestId === 17 ? report : null });
    const error = { code: "NOT_FOUND", message: `Report ${id} not found` };
    expect(await read(world, id)).toEqual([404, { success: false, error }]);
  });

  it("of an unknown charger is 404", async () => {
    const world = createWorld();
    world.ports.sessions.report = async () => null;
    const error = { code: "NOT_FOUND", message: "Charger CHARGER-001 not found" };
    expect(await read(world, "17")).toEqual([404, { success: false, error }]);
  });
});
