import { evictDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/ocpp/json.ts";
import type { OcppVersion } from "../../../../src/ocpp/version.ts";
import { costOf } from "./cost-meter.ts";
import { DatabaseDouble } from "./database-double.ts";
import { ask, booted, raw } from "./raw-command.ts";
import { inObject, type Charger } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const generatedAt = "2026-11-21T08:00:00.000Z";
const part = (seqNo: number, tbc: boolean, more: JsonObject = {}) => ({
  requestId: 17,
  generatedAt,
  seqNo,
  tbc,
  ...more,
});
const reportOf = async ({ charger }: { charger: Charger }, requestId = 17) =>
  (await charger.session.report(charger.ref, requestId))?.report;
const inventory = { requestId: 17, reportBase: "FullInventory" };

describe("the report to a raw command", () => {
  test("is gathered in the order of its parts, however they come, twice among them, over an eviction", async () => {
    const connected = await booted("ocpp2.0.1");
    const { charger, station } = connected;
    await ask(connected, "GetBaseReport", inventory);
    const empty = { requestId: 17, action: "GetBaseReport", complete: false, missing: [], parts: [] };
    expect(await reportOf(connected)).toEqual(empty);
    await station.call("NotifyReport", part(2, true));
    expect(await reportOf(connected)).toEqual({ ...empty, parts: [part(2, true)] });
    await evictDurableObject(charger.stub, { webSockets: "hibernate" });
    await station.call("NotifyReport", part(0, true));
    await station.call("NotifyReport", part(0, true));
    await station.call("NotifyReport", part(3, false));
    const gap = [part(0, true), part(2, true), part(3, false)];
    expect(await reportOf(connected)).toEqual({ ...empty, missing: [1], parts: gap });
    await station.call("NotifyReport", part(1, true));
    const parts = [part(0, true), part(1, true), part(2, true), part(3, false)];
    expect(await reportOf(connected)).toEqual({ ...empty, complete: true, parts });
  });

  test("may begin before the answer to the request", async () => {
    const connected = await booted("ocpp2.0.1");
    const { charger, station } = connected;
    const outcome = charger.session.command(charger.ref, raw("GetBaseReport", inventory), 5000);
    const [, id] = await station.nextCall();
    await station.call("NotifyReport", part(0, false));
    station.send([3, id, { status: "Accepted" }]);
    await outcome;
    expect(await reportOf(connected)).toMatchObject({ complete: true, parts: [{ seqNo: 0 }] });
  });

  test.each<[OcppVersion, string, JsonObject, string, JsonObject[]]>([
    [
      "ocpp2.0.1",
      "GetMonitoringReport",
      { requestId: 17 },
      "NotifyMonitoringReport",
      [part(0, true), part(1, false)],
    ],
    [
      "ocpp2.0.1",
      "CustomerInformation",
      { requestId: 17, report: true, clear: false, customerIdentifier: "x" },
      "NotifyCustomerInformation",
      [part(0, true, { data: "a" }), part(1, false, { data: "b" })],
    ],
    [
      "ocpp2.0.1",
      "GetDisplayMessages",
      { requestId: 17 },
      "NotifyDisplayMessages",
      [
        { requestId: 17, tbc: true, messageInfo: [message(1)] },
        { requestId: 17, messageInfo: [message(2)] },
      ],
    ],
    [
      "ocpp2.0.1",
      "GetChargingProfiles",
      { requestId: 17, chargingProfile: { stackLevel: 3 } },
      "ReportChargingProfiles",
      [profiles(1, true), profiles(2, false)],
    ],
    ["ocpp2.1", "GetDERControl", { requestId: 17 }, "ReportDERControl", [{ requestId: 17, tbc: false }]],
  ])(
    "on %s to %s is gathered, repeated messages left out",
    async (version, action, payload, notice, parts) => {
      const connected = await booted(version);
      await ask(connected, action, payload);
      for (const one of parts) {
        expect((await connected.station.call(notice, one))[0]).toBe(3);
        await connected.station.call(notice, one);
      }
      const expected = { requestId: 17, action, complete: true, missing: [], parts };
      expect(await reportOf(connected)).toEqual(expected);
    },
  );

  test("is only that of the request: not of another kind, another id, or of one that was refused", async () => {
    const connected = await booted("ocpp2.0.1");
    const { charger, station } = connected;
    await station.call("NotifyReport", part(0, false));
    expect(await reportOf(connected)).toBeNull();
    await ask(connected, "GetMonitoringReport", { requestId: 17 });
    await station.call("NotifyReport", part(0, false));
    await station.call("NotifyMonitoringReport", { ...part(0, false), requestId: 18 });
    expect(await reportOf(connected)).toMatchObject({ complete: false, parts: [] });
    await ask(connected, "GetBaseReport", { ...inventory, requestId: 19 }, { status: "EmptyResultSet" });
    expect(await reportOf(connected, 19)).toBeNull();
    const refused = charger.session.command(
      charger.ref,
      raw("GetBaseReport", { ...inventory, requestId: 20 }),
      5000,
    );
    station.send([4, (await station.nextCall())[1], "NotSupported", "", {}]);
    await refused;
    expect(await reportOf(connected, 20)).toBeNull();
    await ask(connected, "CustomerInformation", { requestId: 21, report: false, clear: true });
    expect(await reportOf(connected, 21)).toBeNull();
  });

  test("to a new request of the same id takes the place of the older one", async () => {
    const connected = await booted("ocpp2.0.1");
    await ask(connected, "GetBaseReport", inventory);
    await connected.station.call("NotifyReport", part(0, false));
    await ask(connected, "GetMonitoringReport", { requestId: 17 });
    const expected = {
      requestId: 17,
      action: "GetMonitoringReport",
      complete: false,
      missing: [],
      parts: [],
    };
    expect(await reportOf(connected)).toEqual(expected);
  });

  test("shows no secret", async () => {
    const connected = await booted("ocpp2.0.1");
    await ask(connected, "GetBaseReport", inventory);
    const row = {
      component: { name: "SecurityCtrlr" },
      variable: { name: "BasicAuthPassword" },
      variableAttribute: [{ value: "hunter2hunter2hunter2" }],
    };
    await connected.station.call("NotifyReport", part(0, false, { reportData: [row] }));
    expect(JSON.stringify(await reportOf(connected))).not.toMatch(/hunter2/);
    expect(await reportOf(connected)).toMatchObject({
      parts: [{ reportData: [{ variableAttribute: [{ value: "***" }] }] }],
    });
  });

  test("keeps no tag that was erased", async () => {
    const connected = await booted("ocpp2.0.1");
    const { charger, station } = connected;
    const idToken = { idToken: "SECRET-7", type: "Central" };
    await ask(connected, "CustomerInformation", { requestId: 17, report: true, clear: false, idToken });
    await station.call("NotifyCustomerInformation", part(0, false, { data: "Card secret-7 charged here." }));
    expect(await charger.session.eraseTag(charger.ref, "secret-7", "erased-1")).toBe(true);
    expect(await reportOf(connected)).toMatchObject({ parts: [{ data: "Card erased-1 charged here." }] });
    const log = await charger.session.frames(charger.ref, {
      startMs: null,
      endMs: null,
      action: null,
      limit: 100,
      offset: 0,
    });
    expect(JSON.stringify(log)).not.toMatch(/secret-7/i);
  });

  test("is kept for a day", async () => {
    const connected = await booted("ocpp2.0.1");
    await ask(connected, "GetBaseReport", inventory);
    await connected.station.call("NotifyReport", part(0, false));
    await age(connected.charger, 24 * 60 * 60 * 1000 - 60_000);
    expect(await reportOf(connected)).toMatchObject({ complete: true });
    await age(connected.charger, 60_000);
    expect(await reportOf(connected)).toBeNull();
    await inObject(connected.charger, (session) => session.alarm());
    expect(await storedRows(connected.charger)).toBe(0);
  });

  test("of the oldest request is forgotten when there are more than 32", async () => {
    const connected = await booted("ocpp2.0.1");
    for (let requestId = 100; requestId < 133; requestId++) {
      await ask(connected, "GetBaseReport", { ...inventory, requestId });
      await age(connected.charger, 1000);
    }
    expect(await reportOf(connected, 100)).toBeNull();
    expect(await reportOf(connected, 101)).toMatchObject({ requestId: 101 });
    expect(await storedRows(connected.charger)).toBe(32);
  });

  test("that does not fit any more misses the parts that were too much", async () => {
    const connected = await booted("ocpp2.0.1");
    await ask(connected, "CustomerInformation", {
      requestId: 17,
      report: true,
      clear: false,
      customerIdentifier: "x",
    });
    // Longer than the schema allows, as lenient validation lets it pass.
    const data = "x".repeat(900_000);
    for (let seqNo = 0; seqNo < 12; seqNo++)
      await connected.station.call("NotifyCustomerInformation", part(seqNo, seqNo < 11, { data }));
    const report = await reportOf(connected);
    expect([report?.complete, report?.parts.length]).toEqual([false, 9]);
  });

  test("costs a row for the request and one for each part, and none for a report that no client asked for", async () => {
    const connected = await booted("ocpp2.0.1");
    const { charger, station } = connected;
    await ask(connected, "GetBaseReport", inventory);
    await station.call("NotifyReport", part(0, true));
    const partsOf = (requestId: number, from: number) => async () => {
      for (let seqNo = from; seqNo < from + 10; seqNo++)
        await station.call("NotifyReport", { ...part(seqNo, true), requestId });
    };
    const unasked = await costOf(charger, partsOf(18, 1));
    const asked = await costOf(charger, partsOf(17, 1));
    expect(await storedRows(charger)).toBe(12);
    expect(asked.rows - unasked.rows).toBeLessThanOrEqual(10);
    expect(asked.timers).toBe(unasked.timers);
  });
});

function message(id: number): JsonObject {
  return { id, priority: "NormalCycle", message: { format: "UTF8", content: `Message ${id}` } };
}

function profiles(id: number, tbc: boolean): JsonObject {
  const period = { startPeriod: 0, limit: 16 };
  const chargingProfile = {
    id,
    stackLevel: 3,
    chargingProfilePurpose: "TxProfile",
    chargingProfileKind: "Absolute",
    chargingSchedule: [{ id: 1, chargingRateUnit: "A", chargingSchedulePeriod: [period] }],
  };
  return { requestId: 17, chargingLimitSource: "CSO", evseId: 1, tbc, chargingProfile: [chargingProfile] };
}

/** Lets what is stored of reports be older. */
function age(charger: Charger, byMs: number): Promise<void> {
  return inObject(charger, (_session, { storage }) => {
    storage.sql.exec("UPDATE reports SET at_ms = at_ms - ?", byMs);
  });
}

function storedRows(charger: Charger): Promise<number> {
  return inObject(
    charger,
    (_session, { storage }) => storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM reports").one().n,
  );
}
