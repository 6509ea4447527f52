import { describe, expect, it } from "vitest";
import type { RotationStatus, SecurityProfile, SessionSnapshot } from "../../../../src/ports.ts";
import { bodyOf, createWorld, post, type World } from "../access-world.ts";
import { credentialOf } from "../fake-ports.ts";
import { send } from "./send-command.ts";

/** What a session knows of its charger, as far as these routes ask. */
function snapshot(securityProfile: SecurityProfile): SessionSnapshot {
  return {
    chargerId: "0f3b5c1e-8a4d-4f6e-9b57-2f1c7f0f9a11",
    organizationId: "0f3b5c1e-8a4d-4f6e-9b57-2f1c7f0f9a12",
    online: true,
    version: "ocpp1.6",
    generation: 1,
    securityProfile,
    registrationStatus: "Accepted",
    vendor: null,
    model: null,
    serialNumber: null,
    firmwareVersion: null,
    connectedAtMs: null,
    lastMessageAtMs: null,
    quarantinedUntilMs: null,
    clockOffMs: 0,
    connectors: [],
    transactions: [],
    reservations: [],
  };
}

function worldOf(securityProfile: SecurityProfile): World {
  const world = createWorld();
  world.ports.sessions.snapshot = async () => snapshot(securityProfile);
  return world;
}

describe("the security profile as a configuration key", () => {
  const change = async (world: World, key: string, value: string) => {
    const answer = { kind: "configurationChange", status: "Accepted", ocppStatus: "Accepted" } as const;
    const outcome = {
      kind: "answered",
      version: "ocpp1.6",
      answer: { ...answer, statusInfo: null },
    } as const;
    const path = "/api/v1/chargers/CP-1/configuration/change";
    return send(world, outcome, path, { key, value });
  };

  it.each([
    ["SecurityProfile", "1"],
    ["securityprofile", "0"],
    ["SecurityCtrlr.SecurityProfile", "1"],
    ["SecurityProfile", "-1"],
    ["SecurityProfile", ""],
    ["SecurityProfile", "two"],
    ["SecurityProfile", "0x3"],
    ["SecurityProfile", "1e1"],
    ["SecurityProfile", "0b11"],
    ["SecurityProfile", "1.9e1"],
  ])("%s cannot go from 2 to %j", async (key, value) => {
    const world = worldOf(2);
    const { status: code, body } = await change(world, key, value);
    expect([code, body.error]).toEqual([
      403,
      { code: "FORBIDDEN", message: "The security profile must not be lowered" },
    ]);
    expect(world.sessions.commands).toEqual([]);
  });

  it.each(["2", "3"])("may be changed from 2 to %s", async (value) => {
    const world = worldOf(2);
    expect((await change(world, "SecurityProfile", value)).status).toBe(200);
    expect(world.sessions.commands).toMatchObject([{ command: { key: "SecurityProfile", value } }]);
  });

  it("is 404 for an unknown charger", async () => {
    const path = "/api/v1/chargers/CP-1/configuration/change";
    const body = { key: "SecurityProfile", value: "0" };
    expect((await send(createWorld(), { kind: "notProvisioned" }, path, body)).status).toBe(404);
  });
});

describe("a new authorization key", () => {
  const rotate = async (world: World) =>
    world.request("/api/v1/chargers/CP-1/authorization-key", post(await world.apiKey("owner"), {}));

  it.each<[RotationStatus, boolean, string]>([
    ["accepted", true, "Authorization key changed; the old key is refused from now on"],
    [
      "reboot_required",
      true,
      "Authorization key accepted; both keys are good until the charger logs in with the new one",
    ],
    ["rejected", false, "Authorization key rejected by charger; the old key stays"],
    ["not_supported", false, "Authorization key not supported by charger; the old key stays"],
    ["stored", true, "Charger is offline; both keys are good until it logs in with the new one"],
    ["unknown", true, "Charger gave no answer; both keys are good until its next login decides"],
  ])("that ends as %s is shown: %s", async (ending, isShown, message) => {
    const world = worldOf(2);
    const sent: string[] = [];
    world.ports.sessions.rotateAuthorizationKey = async (_ref, key) => {
      sent.push(key);
      return ending;
    };
    const response = await rotate(world);
    expect([response.status, await bodyOf(response)]).toEqual([
      200,
      { chargeBoxId: "CP-1", authorizationKey: isShown ? sent[0] : null, status: ending, message },
    ]);
    expect(sent).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/)]);
    expect(world.logLines.join("\n")).not.toContain(sent[0]);
  });

  it.each([0, 3] as const)("is refused for security profile %i", async (profile) => {
    const response = await rotate(worldOf(profile));
    const message = `Charger CP-1 has security profile ${profile}, which has no authorization key`;
    expect([response.status, (await bodyOf(response)).error]).toEqual([409, { code: "CONFLICT", message }]);
  });

  it("of a charger whose session was never provisioned is stored with it", async () => {
    const world = createWorld();
    await world.request("/api/v1/chargers", post(await world.apiKey("owner"), { chargeBoxId: "CP-1" }));
    const response = await rotate(world);
    const body = await bodyOf(response);
    expect([response.status, body["status"]]).toEqual([200, "stored"]);
    const { credential } = world.sessions.provisioned.at(-1)?.input ?? {};
    expect(credential).toEqual(credentialOf(String(body.authorizationKey)));
  });

  it("is 404 for an unknown charger, and refused to an operator", async () => {
    const world = createWorld();
    expect((await rotate(world)).status).toBe(404);
    const init = post(await world.apiKey("operator"), {});
    expect((await world.request("/api/v1/chargers/CP-1/authorization-key", init)).status).toBe(403);
  });
});
