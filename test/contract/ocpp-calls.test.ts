import { beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/ocpp/json.ts";
import { SENDABLE_ACTIONS } from "../../src/ocpp/sendable-actions.ts";
import { waitFor } from "../harness/wait-for.ts";
import { furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

let tenant: Tenant;
let own: Belongings;
beforeAll(async () => {
  tenant = await newTenant("ocpp-calls");
  own = await furnish(tenant, "OCPP2.0.1");
});

const pathTo = (identity: string, end: string) => `/api/v1/chargers/${identity}/ocpp/${end}`;

function post(action: string, body: JsonObject, identity = own.identity) {
  return send({
    method: "POST",
    path: pathTo(identity, action),
    body,
    headers: { "X-API-Key": tenant.owner },
  });
}

function read(requestId: string, identity = own.identity) {
  const headers = { "X-API-Key": tenant.viewer };
  return send({ method: "GET", path: pathTo(identity, `reports/${requestId}`), headers });
}

describe("any OCPP call", () => {
  it("is answered with what the station said, and with nothing else", async () => {
    const { status, body } = await post("GetLocalListVersion", {});
    expect([status, body]).toEqual([
      200,
      {
        chargeBoxId: own.identity,
        action: "GetLocalListVersion",
        ocppVersion: "ocpp2.0.1",
        messageId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/),
        response: { versionNumber: 0 },
      },
    ]);
  });

  it("has its report under the id of the request, and no other id has one", async () => {
    await post("GetBaseReport", { requestId: 17, reportBase: "ConfigurationInventory" });
    const report = await waitFor("the report", async () => {
      const { body } = await read("17");
      return (body as { complete?: boolean }).complete ? body : null;
    });
    const part = expect.objectContaining({ requestId: 17, seqNo: 0 });
    expect(report).toEqual({
      requestId: 17,
      action: "GetBaseReport",
      complete: true,
      missing: [],
      parts: expect.arrayContaining([part]),
    });
    const notFound = (message: string) => ({ success: false, error: { code: "NOT_FOUND", message } });
    expect((await read("18")).body).toEqual(notFound("Report 18 not found"));
    expect((await read("17", "UNKNOWN-1")).body).toEqual(notFound("Charger UNKNOWN-1 not found"));
    expect((await read("17", own.externalIdentity)).status).toBe(404);
  });

  const issue = (path: (string | number)[], code: string, message: string, location = "body") => ({
    status: 400,
    error: {
      code: "VALIDATION_ERROR",
      message: "Request validation failed",
      issues: [{ location, path, code, message }],
    },
  });
  const actions = `action must be one of: ${SENDABLE_ACTIONS["ocpp2.0.1"].toSorted().join(", ")}`;
  const variable = (name: string, attributeValue: string) => ({
    setVariableData: [{ attributeValue, component: { name: "SecurityCtrlr" }, variable: { name } }],
  });

  /** `IDENTITY` in a message stands for that of the charger. */
  const refusal = (status: number, code: string, message: string) => ({ status, error: { code, message } });

  it.each<[string, JsonObject, { status: number; error: object }]>([
    ["Heartbeat", {}, issue(["action"], "invalid_value", actions, "path")],
    ["ChangeConfiguration", { key: "A", value: "1" }, issue(["action"], "invalid_value", actions, "path")],
    [
      "Reset?ocppVersion=ocpp2.1",
      { type: "OnIdle" },
      refusal(409, "CONFLICT", "Charger IDENTITY speaks ocpp2.0.1"),
    ],
    [
      "GetVariables",
      { getVariableData: [{ component: { name: "A" }, variable: { name: 5 } }] },
      issue(
        ["getVariableData", 0, "variable", "name"],
        "invalid_type",
        "getVariableData.0.variable.name must be a string",
      ),
    ],
    [
      "SetVariables",
      variable("basicAUTHpassword", "x"),
      refusal(403, "FORBIDDEN", "Use POST /api/v1/chargers/IDENTITY/authorization-key"),
    ],
    [
      "SetVariables",
      variable("SecurityProfile", "1"),
      refusal(403, "FORBIDDEN", "The security profile must not be lowered"),
    ],
    [
      "GetLog",
      { logType: "SecurityLog", requestId: 1, log: { remoteLocation: "gopher://logs.example.com/" } },
      issue(
        ["log", "remoteLocation"],
        "not_allowed",
        "log.remoteLocation must be an http, https, ftp, ftps or sftp URL; a user only with ftp, ftps, sftp",
      ),
    ],
    [
      "ClearChargingProfile",
      { chargingProfileId: 9001 },
      refusal(409, "CONFLICT", "Charging profile 9001 belongs to the settings of the charger"),
    ],
  ])("of %s %j is refused", async (action, payload, { status, error }) => {
    const answer = await post(action, payload);
    const expected = JSON.parse(JSON.stringify(error).replaceAll("IDENTITY", own.identity)) as object;
    expect([answer.status, answer.body]).toEqual([status, { success: false, error: expected }]);
  });

  it("to a charger that is not connected is 503, and of an action that no version has 400", async () => {
    const { status, body } = await post("ClearCache", {}, own.externalIdentity);
    const message = `Charger ${own.externalIdentity} is not connected`;
    expect([status, body]).toMatchObject([
      503,
      { error: { code: "SERVICE_UNAVAILABLE", message, sent: false } },
    ]);
    expect((await post("MakeCoffee", {}, own.externalIdentity)).status).toBe(400);
  });
});
