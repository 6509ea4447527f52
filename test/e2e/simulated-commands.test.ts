import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, postBatch } from "../harness/fleet.ts";
import { CASES_16 } from "../harness/ocpp-station/cases-16.ts";
import { CASES_2X } from "../harness/ocpp-station/cases-2x.ts";
import { settledSettings } from "../harness/ocpp-station/settings-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** Answer of a station without a car to each command; the reset is last, because it reboots. */
const SAID: [path: string, expected: Record<string, unknown>][] = [
  ["/unlock", { status: expect.stringMatching(/^(unlocked|unknown_connector|not_supported)$/) }],
  ["/cache/clear", { status: "accepted" }],
  ["/trigger", { status: "accepted" }],
  ["/configuration/change", { status: "Accepted", value: "600" }],
  ["/configuration/get", { configurationKey: expect.any(Array), unknownKey: ["Nonsense"] }],
  ["/firmware/update", { status: "accepted" }],
  ["/diagnostics", { status: "accepted" }],
  ["/data-transfer", { status: "UnknownVendorId" }],
  ["/availability", { status: "accepted" }],
  ["/reset", { status: "accepted" }],
];

const commands = SAID.map(([path]) => path);
const refusedWith: [path: string, body: object, expected: Record<string, unknown>][] = [
  ["/unlock", { connectorId: 9 }, { status: expect.stringMatching(/^(unknown_connector|not_supported)$/) }],
  ["/trigger", { requestedMessage: "StatusNotification", connectorId: 9 }, { status: "rejected" }],
  ["/configuration/get", { key: ["Nonsense"] }, { configurationKey: [], unknownKey: ["Nonsense"] }],
  ["/configuration/change", { key: "Nonsense", value: "1" }, { status: "NotSupported" }],
  ["/data-transfer", { vendorId: "Nobody" }, { status: "UnknownVendorId" }],
  ["/availability", { connectorId: 9, type: "Operative" }, { status: "rejected" }],
];

/** Commands that a station refuses on rehearsal only. */
const refusedAsRehearsed: [path: string, expected: Record<string, unknown>][] = [
  ["/cache/clear", { status: "rejected" }],
  ["/firmware/update", { status: "rejected" }],
  ["/diagnostics", { status: "rejected" }],
  ["/reset", { status: "rejected" }],
];
/** These have a reason of their own, and are refused on rehearsal without it too. */
const refusedBesides: [path: string, body: object, expected: Record<string, unknown>][] = [
  ["/data-transfer", { vendorId: "Busbar", data: "x" }, { status: "Rejected" }],
  ["/configuration/change", { key: "HeartbeatInterval", value: "70" }, { status: "Rejected" }],
  ["/availability", { connectorId: 0, type: "Inoperative" }, { status: "rejected" }],
];
/** The 1.6 answer to an update is empty; a missing log has no file name. */
const refusedBy16: Record<string, Record<string, unknown>> = {
  "/firmware/update": { success: false, error: { code: "OCPP_ERROR", sent: true } },
  "/diagnostics": { fileName: null, status: "not_available" },
};

test("each command has its refused case", () => {
  const refused = [...refusedWith, ...refusedAsRehearsed].map(([path]) => path);
  expect(refused.toSorted()).toEqual(commands.toSorted());
});

describe.each(["OCPP1.6", "OCPP2.0.1", "OCPP2.1"])("a simulated charger that speaks %s", (version) => {
  const cases = version === "OCPP1.6" ? CASES_16 : CASES_2X;
  const bodyOf = (path: string) => cases.find((commandCase) => commandCase.path === path)?.body ?? {};
  const post = (identity: string, path: string, body: object, timeoutSeconds = 10) =>
    call(stack, "POST", `/api/v1/chargers/${identity}${path}?timeout=${timeoutSeconds}`, body);
  const rehearse = async (identity: string, data: string) => {
    const order = { vendorId: "Busbar", messageId: "Rehearse", data };
    expect((await post(identity, "/data-transfer", order)).body).toMatchObject({ status: "Accepted" });
  };
  const ready = async (chargers: number) => {
    const batch = await postBatch(stack, { chargers, version });
    return (await batch.finished()).results?.created ?? [];
  };

  test("answers every command", async () => {
    const [charger] = await ready(1);
    const identity = charger?.identity ?? "none";
    for (const [path, expected] of SAID) {
      const answer = await post(identity, path, bodyOf(path));
      expect({ path, ...answer }).toMatchObject({ path, status: 200 });
      expect(answer.body).toMatchObject({ chargeBoxId: identity, ...expected });
    }
  });

  test("refuses what it cannot do, with the statuses of the API", async () => {
    const [charger] = await ready(1);
    for (const [path, body, expected] of refusedWith) {
      const answer = await post(charger?.identity ?? "none", path, body);
      expect({ path, ...answer }).toMatchObject({ path, status: 200, body: expected });
    }
  });

  test("refuses every command on rehearsal, without carrying it out", async () => {
    const [charger] = await ready(1);
    const identity = charger?.identity ?? "none";
    for (const [path, expected] of refusedAsRehearsed) {
      await rehearse(identity, "Refused");
      const answer = await post(identity, path, bodyOf(path));
      const body = (version === "OCPP1.6" ? refusedBy16[path] : undefined) ?? expected;
      expect({ path, ...answer }).toMatchObject({ path, status: "success" in body ? 502 : 200, body });
    }
    for (const [path, body, expected] of refusedBesides) {
      await rehearse(identity, "Refused");
      expect({ path, ...(await post(identity, path, body)) }).toMatchObject({
        path,
        status: 200,
        body: expected,
      });
    }
    expect((await post(identity, "/cache/clear", {})).body).toMatchObject({ status: "accepted" });
  });

  test("refuses the write of a setting on rehearsal, after the reads before it", async () => {
    const [{ id = "none", identity = "none" } = {}] = await ready(1);
    await rehearse(identity, "Refused SetChargingProfile");
    const update = { maxChargeCurrent: 16 };
    expect((await call(stack, "POST", `/api/chargers/${id}/update`, update)).status).toBe(200);
    expect(await settledSettings(stack, id)).toMatchObject({
      Settings: { MaxChargeCurrent: { Desired: 16, Outcome: "rejected" } },
    });
  });

  test("every command has the true outcome when the charger refuses, does not answer, disconnects or is stopped", async () => {
    const chargers = await ready(commands.length);
    await Promise.all(
      commands.map(async (path, at) => {
        const { id, identity } = chargers[at] ?? { id: "none", identity: "none" };
        const rehearsed = async (data: string, timeoutSeconds?: number) => {
          await rehearse(identity, data);
          return { path, ...(await post(identity, path, bodyOf(path), timeoutSeconds)) };
        };
        const told = (status: number, code: string, sent: boolean) => ({
          path,
          status,
          body: { success: false, error: { code, sent } },
        });
        expect(await rehearsed("CallError")).toMatchObject(told(502, "OCPP_ERROR", true));
        expect(await rehearsed("Silence", 1)).toMatchObject(told(504, "TIMEOUT", true));
        expect(await rehearsed("Drop")).toMatchObject(told(503, "CONNECTION_LOST", true));
        await waitFor(
          `${identity} to be back`,
          async () => (await post(identity, "/cache/clear", {})).status === 200,
        );
        expect((await call(stack, "POST", `/ocpp/chargers/${id}/stop-charger`)).status).toBe(202);
        await waitFor(
          `${identity} to be off`,
          async () => (await post(identity, "/cache/clear", {})).status === 503,
        );
        expect({ path, ...(await post(identity, path, bodyOf(path))) }).toMatchObject(
          told(503, "SERVICE_UNAVAILABLE", false),
        );
      }),
    );
  });
});
