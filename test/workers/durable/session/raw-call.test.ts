import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/ocpp/json.ts";
import type { OcppVersion } from "../../../../src/ocpp/version.ts";
import { DatabaseDouble } from "./database-double.ts";
import { ask, booted, raw } from "./raw-command.ts";
import { provisioned, StationDouble } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const MESSAGE_ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

describe("a raw command", () => {
  test.each<[OcppVersion, string, JsonObject, JsonObject]>([
    ["ocpp1.6", "ReserveNow", reservation16(), { status: "Occupied" }],
    ["ocpp1.6", "ExtendedTriggerMessage", { requestedMessage: "Heartbeat" }, { status: "NotImplemented" }],
    [
      "ocpp2.0.1",
      "SetMonitoringLevel",
      { severity: 9 },
      { status: "Rejected", statusInfo: { reasonCode: "X" } },
    ],
    ["ocpp2.1", "GetTariffs", { evseId: 0 }, { status: "NoTariff" }],
  ])(
    "on %s carries %s as it is written, and returns the station's words",
    async (version, action, payload, answer) => {
      const connected = await booted(version);
      const { call, outcome } = await ask(connected, action, payload, answer);
      expect(call).toEqual([2, expect.stringMatching(MESSAGE_ID), action, payload]);
      const told = { kind: "payload", payload: answer };
      expect(outcome).toEqual({ kind: "answered", version, answer: told, messageId: call[1] });
      const { rows = [] } =
        (await connected.charger.session.frames(connected.charger.ref, everything(action))) ?? {};
      expect(rows.map(({ direction }) => direction)).toEqual(["cp_to_csms", "csms_to_cp"]);
    },
  );

  test.each<[OcppVersion, string, JsonObject, OcppVersion | null, object]>([
    ["ocpp1.6", "GetBaseReport", {}, null, { kind: "unknownAction", version: "ocpp1.6" }],
    ["ocpp2.0.1", "GetTariffs", { evseId: 0 }, null, { kind: "unknownAction", version: "ocpp2.0.1" }],
    ["ocpp2.1", "Heartbeat", {}, null, { kind: "unknownAction", version: "ocpp2.1" }],
    ["ocpp2.1", "Reset", { type: "OnIdle" }, "ocpp2.0.1", { kind: "otherVersion", version: "ocpp2.1" }],
    ["ocpp1.6", "Reset", { type: "OnIdle" }, null, invalid("ocpp1.6", "Reset", "/type", "enum")],
    [
      "ocpp2.0.1",
      "SetVariables",
      { setVariableData: [{ attributeValue: 5, component: { name: "A" }, variable: { name: "B" } }] },
      "ocpp2.0.1",
      invalid("ocpp2.0.1", "SetVariables", "/setVariableData/0/attributeValue", "type"),
    ],
  ])("on %s that is %s %j for %j is never sent", async (version, action, payload, onlyVersion, expected) => {
    const { charger, station } = await booted(version);
    expect(await charger.session.command(charger.ref, raw(action, payload, onlyVersion), 5000)).toEqual(
      expected,
    );
    await station.call("Heartbeat", {});
    expect(station.frames.filter(([type]) => type === 2)).toEqual([]);
  });

  test("that starts or stops a transaction waits for the acceptance of the station, any other does not", async () => {
    const connected = await booted("ocpp1.6", { registrationStatus: "Pending" });
    const { charger } = connected;
    for (const [action, payload] of [
      ["RemoteStartTransaction", { idTag: "A" }],
      ["RemoteStopTransaction", { transactionId: 1 }],
    ] as const)
      expect(await charger.session.command(charger.ref, raw(action, payload), 5000)).toEqual({
        kind: "notAccepted",
      });
    expect((await ask(connected, "ClearCache", {})).outcome).toMatchObject({ kind: "answered" });
  });

  test("to a station that never booted may only ask for its boot, once a minute", async () => {
    const charger = await provisioned();
    const station = await StationDouble.connect(charger);
    expect(await charger.session.command(charger.ref, raw("ClearCache", {}), 5000)).toEqual({
      kind: "notAccepted",
    });
    const trigger = ["TriggerMessage", { requestedMessage: "BootNotification" }] as const;
    expect((await ask({ charger, station }, ...trigger)).outcome).toMatchObject({ kind: "answered" });
    expect(await charger.session.command(charger.ref, raw(...trigger), 5000)).toEqual({
      kind: "notAccepted",
    });
  });

  test("that is a vendor's message is listed with its answer, and one that could not be sent is not", async () => {
    const connected = await booted("ocpp2.0.1");
    const { charger } = connected;
    await ask(
      connected,
      "DataTransfer",
      { vendorId: "V", data: { a: [1] } },
      { status: "Accepted", data: { b: 2 } },
    );
    await charger.session.command(charger.ref, raw("DataTransfer", { data: "no vendor" }), 5000);
    expect(await charger.session.dataTransfers(charger.ref, 10)).toMatchObject([
      {
        direction: "outgoing",
        vendorId: "V",
        messageId: null,
        data: '{"a":[1]}',
        responseStatus: "Accepted",
        responseData: '{"b":2}',
        error: null,
      },
    ]);
  });

  test("carries names of fields that JavaScript has a meaning for, and letters that are no text", async () => {
    const text =
      '{"type":"Immediate","customData":{"vendorId":"\\ud800","__proto__":{"constructor":1},"toJSON":2}}';
    const connected = await booted("ocpp2.0.1");
    const { call } = await ask(connected, "Reset", JSON.parse(text));
    expect(JSON.stringify(call[3])).toBe(text);
  });

  test("keeps its secrets out of the log", async () => {
    const connected = await booted("ocpp2.0.1");
    const vpn = { server: "vpn.example.com", user: "u", password: "hunter2", key: "hunter3", type: "IPSec" };
    await ask(connected, "SetNetworkProfile", networkProfile({ vpn }));
    const { rows = [] } =
      (await connected.charger.session.frames(connected.charger.ref, everything("SetNetworkProfile"))) ?? {};
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toMatch(/hunter/);
  });
});

function everything(action: string) {
  return { startMs: null, endMs: null, action, limit: 10, offset: 0 };
}

function invalid(version: OcppVersion, action: string, pointer: string, keyword: string) {
  return { kind: "invalidPayload", version, action, finding: { pointer, keyword } };
}

function reservation16(): JsonObject {
  return { connectorId: 1, expiryDate: "2026-12-01T00:00:00Z", idTag: "A", reservationId: 7 };
}

function networkProfile(more: JsonObject): JsonObject {
  const connectionData = {
    ocppVersion: "OCPP20",
    ocppTransport: "JSON",
    ocppCsmsUrl: "wss://csms.example.com/ocpp",
    messageTimeout: 30,
    securityProfile: 2,
    ocppInterface: "Wired0",
    ...more,
  };
  return { configurationSlot: 1, connectionData };
}
