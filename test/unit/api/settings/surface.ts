import type { SettingsCause, SettingsMerge, SettingsView } from "../../../../src/ports.ts";
import { createWorld } from "../access-world.ts";
import { unusedPort } from "../fake-ports.ts";

export const ID = "0f3b5c1e-8a4d-4f6e-9b57-2f1c7f0f9a11";
export const UPDATE = `/api/chargers/${ID}/update`;

/** The settings surface over a store that notes what it is told to merge. */
export function surface(result: SettingsMerge = { kind: "stored", revision: 7 }) {
  const merged: unknown[] = [];
  const published: SettingsCause[] = [];
  const world = createWorld(
    {},
    {
      settings: {
        ...unusedPort("settings"),
        merge: async (organizationId, chargerId, changes) => {
          merged.push({ organizationId, chargerId, changes });
          return result;
        },
        view: async (): Promise<SettingsView | null> => null,
      },
      runs: { ...unusedPort("runs"), applySettings: async (cause) => void published.push(cause) },
    },
  );
  const send = async (body: unknown, headers: Record<string, string> = {}, path = UPDATE) =>
    world.request(path, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await world.token()}`,
        "content-type": "application/json",
        ...headers,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { world, send, merged, published };
}
