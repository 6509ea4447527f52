import { beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../harness/wait-for.ts";
import { furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { send } from "./world.ts";

const NEVER = "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10";
/** Too long for OCPP 1.6. */
const LONG_TAG = "A-TAG-OF-MORE-THAN-20-CHARACTERS";

describe.each(["OCPP1.6", "OCPP2.0.1", "OCPP2.1"] as const)("at %s chargers,", (version) => {
  const is16 = version === "OCPP1.6";
  /** Of a BootNotification. */
  const payload = is16
    ? { charge_point_vendor: "OCPPLAB", charge_point_model: "SDK-DC-50" }
    : { reason: "PowerUp", charging_station: { vendor_name: "OCPPLAB", model: "SDK-DC-50" } };

  let tenant: Tenant;
  let own: Belongings;
  let externalId: string;
  beforeAll(async () => {
    tenant = await newTenant("commands");
    own = await furnish(tenant, version);
    const { body } = await ask("GET", "/ocpp/chargers?limit=100");
    const { data } = body as { data: Array<{ id: string; identity: string }> };
    externalId = data.find(({ identity }) => identity === own.externalIdentity)?.id ?? "";
  });

  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    send({ method, path, body, headers: { authorization: `Bearer ${tenant.owner}`, ...headers } });
  const command = (name: string, body: unknown, headers?: Record<string, string>) =>
    ask("POST", `/ocpp/commands/${name}`, body, headers);
  const at = (event?: object, chargerId = own.chargerId) => ({ target: { charger_id: chargerId }, event });

  /** Actions of the frames in the charger's log. */
  async function logged(): Promise<unknown[]> {
    const { body } = await ask("GET", `/ocpp/chargers/${own.chargerId}/logs?limit=1000`);
    return (body as { data: Array<{ action: string }> }).data.map(({ action }) => action);
  }

  describe("multi-target commands", () => {
    it.each([
      ["plug", {}],
      ["unplug", { connector_id: 1 }],
      ["unlock-connector", { connector_id: 1 }],
      ["authorize", { id_tag: "EV-USER-1234" }],
      ["start-transaction", { id_tag: "EV-USER-1234", meter_start: 4200 }],
      ["stop-transaction", { reason: "Local" }],
      ["start-session", { id_tag: "EV-USER-1234", duration_seconds: 900, target_energy_kwh: 15.5 }],
      ["stop-session", { connector_id: 1 }],
      ["ev-requests-energy", {}],
      ["ev-stops-energy", {}],
      ["power-update", { power_w: 11_000, evse_id: 1, connector_id: 1 }],
    ])("%s is queued for each charger of its target, with the fields of the event", async (name, event) => {
      const answer = await command(name, { target: { location_id: own.locationId }, event });
      expect([answer.status, answer.body]).toEqual([
        202,
        {
          targeted_count: 1,
          queued_count: 1,
          failed_count: 0,
          results: [
            {
              charger_id: own.chargerId,
              identity: own.identity,
              command: {
                id: expect.stringMatching(/^[0-9a-f]{12}$/),
                event_type: name.replaceAll("-", "_"),
                ocpp_version: version.toLowerCase(),
                payload: event,
              },
            },
          ],
          failed: [],
        },
      ]);
    });

    it("says of each charger why it was not reached, under 202", async () => {
      const failed = async (name: string, target: object, event?: object) => {
        const { status, body } = await command(name, { target, event });
        expect(status).toBe(202);
        return (body as { failed: Array<{ charger_id: string; error: { code: string } }> }).failed.map(
          ({ charger_id: id, error: { code } }) => [id, code],
        );
      };
      const charger = { charger_id: own.chargerId };
      expect(await failed("stop-session", charger, { connector_id: 2 })).toEqual([
        [own.chargerId, "INVALID_CONNECTOR"],
      ]);
      expect(await failed("authorize", charger, { id_tag: LONG_TAG })).toEqual(
        is16 ? [[own.chargerId, "NOT_SUPPORTED"]] : [],
      );
      const some = { location_id: own.locationId, charger_ids: [own.chargerId, NEVER, NEVER] };
      expect(await failed("plug", some)).toEqual([[NEVER, "NOT_FOUND"]]);
      const external = { charger_id: externalId };
      expect(await failed("plug", external)).toEqual([[externalId, "NOT_SUPPORTED"]]);
      expect(await failed("unlock-connector", external)).toEqual([[externalId, "OFFLINE"]]);
      const limited = { id_tag: "TAG", duration_seconds: 60 };
      expect(await failed("start-session", external, limited)).toEqual([[externalId, "NOT_SUPPORTED"]]);
    });

    it("an empty location is answered with zeros, an unknown target with 404", async () => {
      const made = await ask("POST", "/ocpp/locations", { name: "Empty" });
      const { id } = made.body as { id: string };
      const empty = await command("plug", { target: { location_id: id } });
      expect([empty.status, empty.body]).toEqual([
        202,
        { targeted_count: 0, queued_count: 0, failed_count: 0, results: [], failed: [] },
      ]);
      for (const [target, detail] of [
        [{ charger_id: NEVER }, "Charger not found"],
        [{ charger_id: "dep-123" }, "Charger not found"],
        [{ location_id: NEVER }, "Location not found"],
      ] as const) {
        const answer = await command("plug", { target });
        expect([answer.status, answer.body]).toEqual([404, { detail }]);
      }
    });

    it.each([
      [undefined, "missing", ["body", "target"]],
      [{ target: {} }, "value_error", ["body", "target"]],
      [{ target: { charger_id: "a", location_id: "b" } }, "value_error", ["body", "target"]],
      [{ target: { charger_id: "a", charger_ids: ["b"] } }, "value_error", ["body", "target"]],
      [
        { target: { charger_id: "a", chargerids: ["b"] } },
        "extra_forbidden",
        ["body", "target", "chargerids"],
      ],
      [{ target: { location_id: "a", charger_ids: [] } }, "too_short", ["body", "target", "charger_ids"]],
      [
        { target: { charger_id: "a" }, event: { connector_id: 0 } },
        "greater_than_equal",
        ["body", "event", "connector_id"],
      ],
      [
        { target: { charger_id: "a" }, event: { connector_id: "1" } },
        "int_type",
        ["body", "event", "connector_id"],
      ],
    ])("a wrong body is a 422 that names the field: %j", async (body, type, loc) => {
      const answer = await command("plug", body);
      expect(answer.status).toBe(422);
      expect((answer.body as { detail: unknown[] }).detail).toContainEqual(
        expect.objectContaining({ type, loc }),
      );
    });

    it("a repeat with the same Idempotency-Key gets the first answer, and acts once; a failed request frees its key", async () => {
      const headers = { "Idempotency-Key": `heartbeat-${own.chargerId}` };
      const first = await command("plug", at(), headers);
      const second = await command("plug", at(), headers);
      expect([second.status, second.body]).toEqual([202, first.body]);
      expect(second.headers.get("idempotency-replayed")).toBe("true");
      const other = await command("plug", at({ connector_id: 1 }), headers);
      expect(other.status).toBe(422);
      const failing = { "Idempotency-Key": `never-${own.chargerId}` };
      expect((await command("plug", at({}, NEVER), failing)).status).toBe(404);
      expect((await command("plug", at(), failing)).status).toBe(202);
    });
  });

  describe("single-target commands", () => {
    it("proxy-message sends one message of the charger, in camelCase", async () => {
      const event = { action: "boot_notification", ocpp_version: version.toLowerCase(), payload };
      const before = (await logged()).filter((action) => action === "BootNotification").length;
      const answer = await command("proxy-message", at(event));
      expect([answer.status, answer.body]).toEqual([
        202,
        {
          id: expect.stringMatching(/^[0-9a-f]{12}$/),
          event_type: "boot_notification",
          ocpp_version: version.toLowerCase(),
          payload,
        },
      ]);
      await waitFor(
        "the boot in the log",
        async () => (await logged()).filter((action) => action === "BootNotification").length > before,
        10_000,
      );
    });

    it.each([
      [{ action: is16 ? "transaction_event" : "start_transaction" }, 422],
      [{ action: is16 ? "remote_start_transaction" : "request_start_transaction" }, 422],
      [{ action: "heartbeat", ocpp_version: is16 ? "ocpp2.1" : "ocpp1.6" }, 400],
      [{ action: "boot_notification", payload: {} }, 400],
    ])("proxy-message refuses %j with %i", async (event, status) => {
      expect((await command("proxy-message", at(event))).status).toBe(status);
    });

    it("configuration sets each key and tells what became of it", async () => {
      const list = [
        { key: "HeartbeatInterval", value: "300" },
        { key: "NoSuchKey", value: "1" },
      ];
      const expected = {
        status: "Rejected",
        configured: ["HeartbeatInterval"],
        msg: "1 of 2 keys applied; NoSuchKey: NotSupported",
        results: [
          { key: "HeartbeatInterval", status: "Accepted" },
          { key: "NoSuchKey", status: "NotSupported" },
        ],
      };
      const object = { HeartbeatInterval: "300", NoSuchKey: "1" };
      for (const configuration of [list, object]) {
        const answer = await command("configuration", at({ configuration }));
        expect([answer.status, answer.body]).toEqual([200, expected]);
      }
    });

    it.each([
      [{ AuthorizationKey: "0011223344556677" }, 403],
      [{ "SecurityCtrlr.BasicAuthPassword": "0011223344556677" }, 403],
      [{ ["K".repeat(is16 ? 51 : 201)]: "1" }, 422],
      [{ HeartbeatInterval: "1".repeat(is16 ? 501 : 1001) }, 422],
      [{}, 422],
      [[], 422],
      ["HeartbeatInterval", 422],
    ])("configuration refuses %j with %i", async (configuration, status) => {
      expect((await command("configuration", at({ configuration }))).status).toBe(status);
    });

    it("the local list is changed by rising versions and cleared", async () => {
      const entries = [{ id_tag: "TAG-RFID-001", expiry_date: "2026-12-31T23:59:59Z" }];
      const list = { list_version: 2, entries };
      const answers = [
        await command("local-auth-list", at(list)),
        await command("local-auth-list", at(list)),
        await command("clear-local-auth-list", at()),
      ];
      expect(answers.map(({ status, body }) => [status, body])).toEqual([
        [200, { status: "Accepted", list_version: 2, entries_received: 1 }],
        [200, { status: "VersionMismatch", list_version: 2, entries_received: 1 }],
        [200, { msg: "Local authorization list cleared", entries_deleted: 1 }],
      ]);
      const long = { list_version: 3, entries: [{ id_tag: is16 ? LONG_TAG : "A".repeat(37) }] };
      expect((await command("local-auth-list", at(long))).status).toBe(422);
    });

    it("the authorization cache is cleared, and says how much it held", async () => {
      const answer = await command("cache/reset", at());
      expect([answer.status, answer.body]).toEqual([
        200,
        { msg: "Authorization cache cleared", cleared_entries: expect.any(Number) },
      ]);
    });

    it("a fault is injected and cleared", async () => {
      const told = { fault_type: "GroundFailure", evse_id: 1, connector_id: 1 };
      const injected = await command("inject-fault", at({ fault_type: "GroundFailure", connector_id: 1 }));
      expect([injected.status, injected.body]).toEqual([
        200,
        { msg: "Fault injected", ...told, status: "Faulted" },
      ]);
      const cleared = await command("clear-fault", at({ evse_id: 1, connector_id: 1 }));
      expect([cleared.status, cleared.body]).toMatchObject([200, { msg: "Fault cleared", ...told }]);
      const again = await command("clear-fault", at());
      expect([again.status, again.body]).toMatchObject([200, { msg: "No active fault", fault_type: null }]);
      expect((await command("inject-fault", at({ fault_type: "NoError" }))).status).toBe(422);
      expect((await command("inject-fault", at({ connector_id: 2 }))).status).toBe(400);
    });

    it.each([
      ["proxy-message", { action: "heartbeat" }, 409],
      ["inject-fault", {}, 409],
      ["clear-fault", {}, 409],
      ["configuration", { configuration: { HeartbeatInterval: "300" } }, 503],
      ["cache/reset", undefined, 503],
      ["local-auth-list", { list_version: 1, entries: [] }, 503],
      ["clear-local-auth-list", undefined, 503],
    ])("%s at an external charger without a connection: %j is a %i", async (name, event, status) => {
      expect((await command(name, at(event, externalId))).status).toBe(status);
    });

    it("takes no location and no unknown charger", async () => {
      expect((await command("cache/reset", { target: { location_id: own.locationId } })).status).toBe(422);
      expect((await command("cache/reset", at(undefined, NEVER))).status).toBe(404);
    });
  });
});
