import { expect, test } from "vitest";
import type { SessionSnapshot, Sessions, SettingsView } from "../../../../src/ports.ts";
import { createWorld } from "../access-world.ts";
import { unusedPort } from "../fake-ports.ts";
import { ID } from "./surface.ts";

const T0 = new Date("2026-11-21T10:00:00.000Z");
const CONNECTED = new Date("2026-11-21T10:00:05.000Z");

const view: SettingsView = {
  chargerId: ID,
  identity: "CP",
  name: null,
  createdAt: T0,
  vendor: null,
  model: null,
  location: null,
  connection: {
    online: false,
    ocppVersion: null,
    serialNumber: "SN-1",
    firmwareVersion: "1.0",
    updatedAt: T0,
  },
  connectors: [],
  charge: null,
  settings: null,
};

const snapshot: SessionSnapshot = {
  chargerId: ID,
  organizationId: "",
  online: true,
  version: "ocpp1.6",
  generation: 2,
  securityProfile: 2,
  registrationStatus: "Accepted",
  vendor: null,
  model: null,
  serialNumber: null,
  firmwareVersion: "2.0",
  connectedAtMs: CONNECTED.getTime(),
  lastMessageAtMs: CONNECTED.getTime(),
  clockOffMs: 0,
  quarantinedUntilMs: null,
  connectors: [
    { evseId: 1, connectorId: 1, status: "Charging", errorCode: "NoError", updatedAtMs: CONNECTED.getTime() },
  ],
  transactions: [],
  reservations: [],
};

/** Reads of a charger whose projection says offline, while its session answers this. */
function reads(
  answer: () => Promise<SessionSnapshot | null>,
  changed: Partial<SettingsView> = {},
  role?: string,
) {
  const world = createWorld(
    {},
    {
      settings: { ...unusedPort("settings"), view: async () => ({ ...view, ...changed }) },
      sessions: { ...unusedPort<Sessions>("sessions"), snapshot: answer },
    },
  );
  return async (path: string) => {
    const headers = { authorization: `Bearer ${await world.token(role === undefined ? {} : { role })}` };
    const response = await world.request(`/api/chargers/${ID}${path}`, { headers });
    return (await response.json()) as Record<string, unknown> & Array<Record<string, unknown>>;
  };
}

test("every read shows the connection as the session knows it, even if the projection is older", async () => {
  const read = reads(async () => snapshot);
  expect(await read("/settings")).toMatchObject({ IsOnline: true, OcppVersion: "ocpp1.6" });
  expect(await read("")).toMatchObject({ IsOnline: true, OperatingMode: 3, DeviceId: "SN-1" });
  const Timestamp = CONNECTED.toISOString();
  expect(await read("/state")).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ StateId: -2, ValueAsString: "1", Timestamp }),
      expect.objectContaining({ StateId: 710, ValueAsString: "3", Timestamp }),
      expect.objectContaining({ StateId: 908, ValueAsString: "2.0" }),
    ]),
  );
});

test("the projection is used when the session cannot be reached or does not know the charger", async () => {
  const gone = reads(async () => Promise.reject(new Error("no answer")));
  expect(await gone("/settings")).toMatchObject({ IsOnline: false, OcppVersion: null });
  const never = reads(async () => null, { connection: null });
  expect(await never("/settings")).toMatchObject({ IsOnline: false, OcppVersion: null });
});

test.each([
  ["owner", 2],
  ["service", 4],
] as const)("the model tells an %s the roles of the caller as bits, never null", async (role, bits) => {
  const read = reads(async () => null, {}, role);
  expect(await read("")).toMatchObject({ CurrentUserRoles: bits });
});
