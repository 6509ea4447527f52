import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { everyRequest } from "../../harness/ocpp-payload.ts";
import { requestSchemas } from "../../harness/ocpp-station/request-schemas.ts";
import { exampleOf } from "../../harness/openapi/example.ts";
import { validatorsOf } from "../ocpp/validators-of.ts";
import { StationUnderTest } from "./station-under-test.ts";

const schemas = new Map(OCPP_VERSIONS.map((version) => [version, requestSchemas(version)]));

describe("every request that a central system may send", () => {
  test.each(everyRequest)("$action on $version is answered by its schema", ({ version, action }) => {
    const payload = exampleOf(schemas.get(version)?.get(action) ?? {}) as JsonObject;
    const validators = validatorsOf(version);
    expect(validators.request(action, payload)).toBeNull();
    const station = StationUnderTest.booted(version);
    const before = station.calls().length;
    const answer = station.call(action, payload);
    expect([answer?.type, validators.response(action, answer?.payload)]).toEqual([3, null]);
    station.answerAll();
    // What the station says after its answer keeps its schema too.
    for (const call of station.calls().slice(before))
      expect([call.action, validators.request(call.action, call.payload)]).toEqual([call.action, null]);
  });

  test.each(everyRequest.filter(({ version }) => version === "ocpp2.1"))(
    "$action of 2.1 is none on 2.0.1 unless that version defines it",
    ({ action }) => {
      const isDefined = validatorsOf("ocpp2.0.1").actions.has(action);
      const answer = StationUnderTest.booted("ocpp2.0.1").call(action, {});
      expect(answer?.action === "NotImplemented").toBe(!isDefined);
    },
  );
});

describe.each(["ocpp2.0.1", "ocpp2.1"] as const)("a %s station", (version) => {
  const validators = validatorsOf(version);

  /** Status of the answer, and the payloads of the CALLs that follow it. */
  function ask(station: StationUnderTest, action: string, payload: object) {
    expect(validators.request(action, payload)).toBeNull();
    const before = station.calls().length;
    const answer = station.call(action, payload)?.payload;
    expect(validators.response(action, answer)).toBeNull();
    station.answerAll();
    const calls = station.calls().slice(before);
    for (const call of calls) expect(validators.request(call.action, call.payload)).toBeNull();
    return [answer?.["status"], ...calls.map((call) => call.payload)];
  }

  const message = (id: number, more: object = {}) => ({
    id,
    priority: "NormalCycle",
    message: { format: "UTF8", content: `Message ${id}` },
    ...more,
  });
  const show = (station: StationUnderTest, one: object) =>
    ask(station, "SetDisplayMessage", { message: one })[0];
  const shown = (station: StationUnderTest, criteria: object = {}) => {
    const [status, ...parts] = ask(station, "GetDisplayMessages", { requestId: 5, ...criteria });
    const ids = parts.flatMap((part) =>
      (part as { messageInfo: { id: number }[] }).messageInfo.map(({ id }) => id),
    );
    return [status, ids, parts.map((part) => (part as { tbc: boolean }).tbc)];
  };

  test("keeps messages of its display, reports those that are asked for and clears them", () => {
    const station = StationUnderTest.booted(version);
    expect(shown(station)).toEqual(["Unknown", [], []]);
    for (let id = 1; id <= 6; id++) expect(show(station, message(id))).toBe("Accepted");
    expect(shown(station)).toEqual(["Accepted", [1, 2, 3, 4, 5, 6], [true, false]]);
    expect(show(station, message(2, { priority: "AlwaysFront" }))).toBe("Accepted");
    expect(show(station, message(7, { priority: "AlwaysFront" }))).toBe("Accepted");
    expect(shown(station, { priority: "AlwaysFront" })).toEqual(["Accepted", [7], [false]]);
    expect(shown(station, { id: [3, 4, 99] })).toEqual(["Accepted", [3, 4], [false]]);
    expect(ask(station, "ClearDisplayMessage", { id: 3 })).toEqual(["Accepted"]);
    expect(ask(station, "ClearDisplayMessage", { id: 3 })).toEqual(["Unknown"]);
    expect(shown(station, { id: [3] })).toEqual(["Unknown", [], []]);
  });

  test("drops a message when its time is over, and refuses what it cannot show", () => {
    const station = StationUnderTest.booted(version);
    const endDateTime = new Date(station.nowMs + 60_000).toISOString();
    expect(show(station, message(1, { endDateTime }))).toBe("Accepted");
    station.pass(61);
    expect(shown(station)).toEqual(["Unknown", [], []]);
    expect(show(station, message(2, { transactionId: "none" }))).toBe("UnknownTransaction");
    const html = { format: "HTML", content: "<b>Hello</b>" };
    expect(show(station, message(2, { message: html }))).toBe("NotSupportedMessageFormat");
    for (let id = 1; id <= 20; id++) expect(show(station, message(id))).toBe("Accepted");
    expect(show(station, message(21))).toBe("Rejected");
  });

  test("tells what it knows of a customer, whom the request has to name in one way", () => {
    const station = StationUnderTest.booted(version);
    const idToken = { idToken: "TAG-1", type: "ISO14443" };
    const localAuthorizationList = [{ idToken, idTokenInfo: { status: "Accepted" } }];
    ask(station, "SendLocalList", { versionNumber: 1, updateType: "Full", localAuthorizationList });
    const about = { requestId: 5, report: true, clear: false };
    const [status, part] = ask(station, "CustomerInformation", { ...about, idToken });
    expect([status, part]).toMatchObject([
      "Accepted",
      { requestId: 5, seqNo: 0, tbc: false, data: "Local authorization list: Accepted" },
    ]);
    const unknown = ask(station, "CustomerInformation", { ...about, customerIdentifier: "C-1" });
    expect(unknown[1]).toMatchObject({ data: "No information is stored about this customer." });
    expect(ask(station, "CustomerInformation", about)).toEqual(["Invalid"]);
    const both = { ...about, idToken, customerIdentifier: "C-1" };
    expect(ask(station, "CustomerInformation", both)).toEqual(["Invalid"]);
    expect(ask(station, "CustomerInformation", { ...about, report: false, idToken })).toEqual(["Rejected"]);
    station.state = withCache(station.state, "tag-1");
    const reportAndClear = { ...about, clear: true, idToken };
    const data = "Local authorization list: Accepted\nAuthorization cache: Blocked";
    expect(ask(station, "CustomerInformation", reportAndClear)[1]).toMatchObject({ data });
    expect(ask(station, "CustomerInformation", { ...about, idToken })[1]).toMatchObject({
      data: "Local authorization list: Accepted",
    });
  });

  test("supports no monitor, and says so of each variable", () => {
    const monitor = (component: string, variable: string) => ({
      value: 1,
      type: "Delta",
      severity: 5,
      component: { name: component },
      variable: { name: variable },
    });
    const setMonitoringData = [
      monitor("OCPPCommCtrlr", "HeartbeatInterval"),
      monitor("OCPPCommCtrlr", "Nonsense"),
      monitor("Nonsense", "HeartbeatInterval"),
    ];
    const answer = StationUnderTest.booted(version).call("SetVariableMonitoring", {
      setMonitoringData,
    })?.payload;
    expect(validators.response("SetVariableMonitoring", answer)).toBeNull();
    expect(answer).toMatchObject({
      setMonitoringResult: [
        { status: "UnsupportedMonitorType" },
        { status: "UnknownVariable" },
        { status: "UnknownComponent" },
      ],
    });
  });
});

/** The state of a station that has been told that a tag is blocked. */
function withCache(state: StationUnderTest["state"], tag: string): StationUnderTest["state"] {
  return {
    ...state,
    memory: { ...state.memory, cache: { [tag]: { status: "Blocked", expiresAtMs: null } } },
  };
}
