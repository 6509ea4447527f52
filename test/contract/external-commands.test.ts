import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { OCPP_VERSIONS } from "../../src/ocpp/version.ts";
import { call, type Access } from "../harness/fleet.ts";
import { chargingWords } from "../harness/ocpp-station/charging-words.ts";
import { ForeignStation, type Reaction, type ReceivedCall } from "../harness/ocpp-station/foreign-station.ts";
import { waitFor } from "../harness/wait-for.ts";
import { newTenant } from "./tenant.ts";
import { world } from "./world.ts";

let access: Access;
beforeAll(async () => {
  const { owner } = await newTenant("external-commands");
  access = { url: world.url, apiKey: owner };
});

const report = z.looseObject({
  queued_count: z.number(),
  failed: z.array(z.object({ error: z.object({ code: z.string() }) })),
});
const page = z.object({
  transactions: z.array(z.looseObject({ transactionId: z.number(), status: z.string() })),
});
const logs = z.object({ data: z.array(z.object({ action: z.string().nullable(), message: z.string() })) });

describe.concurrent.each(OCPP_VERSIONS)("a command of the gateway to an external %s charger", (version) => {
  const is16 = version === "ocpp1.6";
  const words = chargingWords(version);
  const booted = (purpose: string) =>
    ForeignStation.booted(access, `${purpose}-${version.replaceAll(".", "")}`, version);
  const send = ({ id }: ForeignStation, name: string, event?: object, query = "") =>
    call(access, "POST", `/ocpp/commands/${name}${query}`, { target: { charger_id: id }, event });
  const queued = async (station: ForeignStation, name: string, event?: object) => {
    const { status, body } = await send(station, name, event);
    expect([name, status, report.parse(body).queued_count]).toEqual([name, 202, 1]);
  };
  const refused = async (station: ForeignStation, name: string, event?: object) =>
    report.parse((await send(station, name, event)).body).failed.map(({ error }) => error.code);
  const rowWith = (station: ForeignStation, status: string) =>
    waitFor(`a transaction ${status} of ${station.identity}`, async () => {
      const { body } = await call(access, "GET", `/api/v1/transactions?chargeBoxId=${station.identity}`);
      return page.parse(body).transactions.find((row) => row.status === status);
    });
  const received = ({ calls }: ForeignStation) => calls.map(({ action, payload }) => [action, payload]);

  it("starts and stops a session by the calls of its version, whose answers the log shows", async ({
    expect,
  }) => {
    const station = await booted("SESSION");
    station.react = ({ action }) => ({
      answer: { status: action === "UnlockConnector" ? "Unlocked" : "Accepted" },
    });
    await queued(station, "unlock-connector", { connector_id: 1 });
    expect((await station.nthCall(0)).payload).toEqual(
      is16 ? { connectorId: 1 } : { evseId: 1, connectorId: 1 },
    );
    expect(await refused(station, "stop-session")).toEqual(["NO_ACTIVE_TRANSACTION"]);

    await queued(station, "start-session", { id_tag: "USER123" });
    const start = await station.nthCall(1);
    const { transactionId } = await rowWith(station, "pending");
    expect([start.action, start.payload]).toEqual([words.startAction, words.startPayload(transactionId)]);
    await station.call(...words.begin(transactionId));
    expect(await rowWith(station, "in_progress")).toMatchObject({ transactionId, remoteStarted: true });

    const named = words.stopPayload(transactionId).transactionId;
    expect(
      await refused(station, "stop-transaction", { transaction_id: is16 ? 2_147_483_647 : "-" }),
    ).toEqual(["NO_ACTIVE_TRANSACTION"]);
    await queued(station, "stop-transaction", { transaction_id: named });
    await queued(station, "stop-session", { connector_id: 1 });
    const stop = { action: words.stopAction, payload: words.stopPayload(transactionId) };
    expect([await station.nthCall(2), await station.nthCall(3)]).toMatchObject([stop, stop]);
    await station.call(...words.end(transactionId));
    expect(await rowWith(station, "completed")).toMatchObject({ transactionId, energyDelivered: 14 });

    const { body } = await call(access, "GET", `/ocpp/chargers/${station.id}/logs?limit=1000`);
    const shown = logs.parse(body).data.filter(({ message }) => message.startsWith("[3,"));
    for (const { messageId, action } of station.calls)
      expect(shown).toContainEqual({
        action,
        message: expect.stringMatching(`^\\[3,"${messageId}",\\{"status":"\\w+"\\}\\]$`),
      });
    expect(station.violations).toEqual([]);
    await station.close();
  });

  it("that starts a session leaves no running transaction where the station refuses", async ({ expect }) => {
    const station = await booted("NO-SESSION");
    station.react = () => ({ answer: { status: "Rejected" } });
    await queued(station, "start-session", { id_tag: "USER123", connector_id: 1 });
    expect(await rowWith(station, "expired")).toMatchObject({ idTag: "USER123", remoteStarted: true });
    expect(await refused(station, "stop-transaction", {})).toEqual(["NO_ACTIVE_TRANSACTION"]);
    await station.close();
  });

  it("sets the configuration in the order that was given, and tells of each key", async ({ expect }) => {
    const station = await booted("CONFIGURES");
    const statuses = ["Accepted", "RebootRequired", "Rejected"];
    station.react = ({ action, payload }) => {
      if (is16) return { answer: { status: statuses[station.calls.length - 1] } };
      const asked = (payload["getVariableData"] ?? payload["setVariableData"]) as Array<
        Record<string, unknown>
      >;
      const isRead = action === "GetVariables";
      const rows = asked.map(({ component, variable }, index) => ({
        component,
        variable,
        attributeStatus: isRead ? "UnknownVariable" : statuses[index],
      }));
      return { answer: { [isRead ? "getVariableResult" : "setVariableResult"]: rows } };
    };
    const given = { HeartbeatInterval: "300", WebSocketPingInterval: "20", ResetRetries: "x" };
    const { status, body } = await send(station, "configuration", { configuration: given });
    expect([status, body]).toEqual([
      200,
      {
        status: "Rejected",
        configured: ["HeartbeatInterval"],
        msg: "1 of 3 keys applied; WebSocketPingInterval: RebootRequired; ResetRetries: Rejected",
        results: Object.keys(given).map((key, index) => ({ key, status: statuses[index] })),
      },
    ]);
    const pairs = Object.entries(given);
    // A 2.x station is first asked how many variables it takes at once.
    expect(received(station).filter(([action]) => action !== "GetVariables")).toEqual(
      is16
        ? pairs.map(([key, value]) => ["ChangeConfiguration", { key, value }])
        : [
            [
              "SetVariables",
              {
                setVariableData: pairs.map(([name, attributeValue]) => ({
                  component: { name: "OCPPCommCtrlr" },
                  variable: { name },
                  attributeValue,
                })),
              },
            ],
          ],
    );
    expect(station.violations).toEqual([]);
    await station.close();
  });

  const versionName = is16 ? "listVersion" : "versionNumber";
  /** Reacts as a station with a list of this version. */
  const listed = (listVersion: number, status: string) => (received: ReceivedCall) =>
    ({
      answer: received.action === "GetLocalListVersion" ? { [versionName]: listVersion } : { status },
    }) satisfies Reaction;

  it("clears the authorization cache and changes the local list as the specification says", async ({
    expect,
  }) => {
    const station = await booted("LISTS");
    station.react = () => ({ answer: { status: "Accepted" } });
    const cleared = await send(station, "cache/reset");
    expect([cleared.status, cleared.body]).toEqual([
      200,
      { msg: "Authorization cache cleared", cleared_entries: null },
    ]);
    const entries = [{ id_tag: "TAG-RFID-001", expiry_date: "2026-12-31T23:59:59Z", parent_id_tag: "FLEET" }];
    const list = { list_version: 2, entries };
    const sent = await send(station, "local-auth-list", list);
    expect([sent.status, sent.body]).toEqual([
      200,
      { status: "Accepted", list_version: 2, entries_received: 1 },
    ]);
    station.react = listed(7, "VersionMismatch");
    const old = await send(station, "local-auth-list", { ...list, update_type: "Differential" });
    expect([old.status, old.body]).toEqual([
      200,
      { status: "VersionMismatch", list_version: 7, entries_received: 1 },
    ]);
    station.react = listed(7, "Accepted");
    const emptied = await send(station, "clear-local-auth-list");
    expect([emptied.status, emptied.body]).toEqual([
      200,
      { msg: "Local authorization list cleared", entries_deleted: null },
    ]);
    const expiry = "2026-12-31T23:59:59.000Z";
    const token = (idToken: string) => ({ idToken, type: "Central" });
    const entry = is16
      ? {
          idTag: "TAG-RFID-001",
          idTagInfo: { status: "Accepted", expiryDate: expiry, parentIdTag: "FLEET" },
        }
      : {
          idToken: token("TAG-RFID-001"),
          idTokenInfo: {
            status: "Accepted",
            cacheExpiryDateTime: expiry,
            groupIdToken: token("FLEET"),
          },
        };
    const update = { [versionName]: 2, localAuthorizationList: [entry] };
    expect(received(station)).toEqual([
      ["ClearCache", {}],
      ["SendLocalList", { ...update, updateType: "Full" }],
      ["SendLocalList", { ...update, updateType: "Differential" }],
      ["GetLocalListVersion", {}],
      ["GetLocalListVersion", {}],
      ["SendLocalList", { [versionName]: 8, updateType: "Full" }],
    ]);
    expect(station.violations).toEqual([]);
    await station.close();
  });

  it("that waits has the refusal of the station as its answer, and an error when there is none", async ({
    expect,
  }) => {
    const station = await booted("FAILS");
    const commands: [name: string, event?: object][] = [
      ["configuration", { configuration: { HeartbeatInterval: "300" } }],
      ["cache/reset"],
      ["local-auth-list", { list_version: 1, entries: [] }],
      ["clear-local-auth-list"],
    ];
    const answers = async (reaction: ForeignStation["react"], query = "", some = commands) => {
      station.react = reaction;
      const told = [];
      for (const [name, event] of some) told.push(await send(station, name, event, query));
      return told.map(({ status, body }) => [status, (body as { detail: string }).detail]);
    };
    const each = (status: number, detail: string) => commands.map(() => [status, detail]);
    expect(await answers(() => ({ error: "InternalError", description: "no" }))).toEqual(
      each(502, "Charger answered with an OCPP error"),
    );
    const garbage: ForeignStation["react"] = ({ messageId }) => {
      station.sendRaw([3, messageId, { status: 7, listVersion: "none", setVariableResult: "none" }]);
      return "silence";
    };
    expect(await answers(garbage)).toEqual(each(502, "Charger gave an answer that breaks the OCPP schema"));
    const silent = await answers(() => "silence", "?timeout=1", commands.slice(2));
    expect(silent).toEqual(each(504, "Charger did not answer in time").slice(2));
    station.react = listed(0, "Rejected");
    expect((await send(station, "cache/reset")).body).toEqual({
      msg: "Charger rejected the reset of its authorization cache",
      cleared_entries: null,
    });
    station.react = () => "drop";
    const dropped = await send(station, "cache/reset");
    expect([dropped.status, dropped.body]).toEqual([
      503,
      { detail: "The connection to the charger was lost" },
    ]);
    expect((await answers(() => "silence")).map(([status]) => status)).toEqual([503, 503, 503, 503]);
  });

  it("is not sent to a station that is not accepted", async ({ expect }) => {
    const station = await booted("WAITS");
    station.react = () => ({ answer: { status: "Accepted" } });
    const boot = async (status: string) => {
      const path = `/api/v1/chargers/${station.identity}/registration`;
      expect((await call(access, "PUT", path, { status })).status).toBe(200);
      expect(await station.boot()).toMatchObject({ status });
    };
    await boot("Pending");
    expect(await refused(station, "start-session", { id_tag: "USER123" })).toEqual(["NOT_READY"]);
    await boot("Rejected");
    expect(await refused(station, "unlock-connector")).toEqual(["NOT_READY"]);
    const { status, body } = await send(station, "cache/reset");
    expect([status, body]).toEqual([409, { detail: "Charger is not accepted yet" }]);
    expect(station.calls).toEqual([]);
    await station.close();
  });
});
