import { z } from "@hono/zod-openapi";
import type { SettingsView } from "../../ports.ts";
import type { SettingName } from "../../settings/desired.ts";
import { chargeState } from "./charge-state.ts";
import { capabilities } from "./charger-model.ts";
import { operatingMode } from "./operating-mode.ts";
import { settingsViewOf } from "./settings-view.ts";
import { chargerParams, defineOperation, TAG } from "./surface.ts";

/** Bit mask of an update → SetPhases code of a state: 1 to 3 = L1 to L3, 4 = three phases. */
const SET_PHASES: Record<number, number> = { 0: 0, 1: 1, 2: 2, 4: 3, 7: 4 };

const SETTING_STATES: ReadonlyArray<readonly [number, string, SettingName]> = [
  [510, "ChargerMaxCurrent", "maxChargeCurrent"],
  [511, "ChargerMinCurrent", "minChargeCurrent"],
  [520, "MaxPhases", "maxChargePhases"],
  [522, "ChargerOfflinePhase", "offlineChargePhase"],
  [523, "ChargerOfflineCurrent", "offlineChargeCurrent"],
  [145, "TransmitInterval", "meterValueInterval"],
  [555, "SignedMeterValueInterval", "meterValueInterval"],
];

const states = z.array(
  z.object({
    ChargerId: z.uuid(),
    StateId: z.int(),
    StateName: z.string(),
    Timestamp: z.string(),
    ValueAsString: z.string(),
  }),
);

type State = z.output<typeof states>[number];

export const getSettingsState = defineOperation({
  method: "get",
  path: "/api/chargers/{id}/state",
  operationId: "getSettingsState",
  summary: "List the states of a charger by state id",
  tag: TAG,
  role: "owner",
  params: chargerParams,
  success: { status: 200, description: "List the states of a charger by state id", schema: states },
  handle: async ({ c, ports, path }) => chargerState(await settingsViewOf(c, path.id), ports.clock.now()),
});

/** States of a charger with the state ids of the original service. Unknown values are left out. */
export function chargerState(view: SettingsView, now: Date): State[] {
  const states: State[] = [];
  const add = (id: number, name: string, at: string, value: string | number | null) => {
    if (value !== null)
      states.push({
        ChargerId: view.chargerId,
        StateId: id,
        StateName: name,
        Timestamp: at,
        ValueAsString: String(value),
      });
  };
  const { connection } = view;
  const connectedAt = (connection?.updatedAt ?? view.createdAt).toISOString();
  add(-3, "IsOcppConnected", connectedAt, connection?.online ? 1 : 0);
  add(-2, "IsOnline", connectedAt, connection?.online ? 1 : 0);
  add(100, "Capabilities", connectedAt, capabilities(view));
  for (const [id, name, setting] of SETTING_STATES) {
    const state = view.settings?.states[setting];
    const value = state?.inForce ?? null;
    const shown = setting === "offlineChargePhase" && value !== null ? (SET_PHASES[value] ?? null) : value;
    add(id, name, state?.inForceAt ?? connectedAt, shown);
  }
  const max = view.settings?.states.maxChargeCurrent;
  add(708, "ChargeCurrentSet", max?.updatedAt ?? connectedAt, max?.reported ?? null);
  const latestMs = Math.max(0, ...view.connectors.map(({ updatedAt }) => updatedAt.getTime()));
  if (latestMs > 0)
    add(710, "ChargerOperationMode", new Date(latestMs).toISOString(), operatingMode(view.connectors));
  for (const { id, name, at, value } of chargeState(view, now)) add(id, name, at.toISOString(), value);
  add(718, "FinalStopActive", connectedAt, 0);
  const firmware = connection?.firmwareVersion ?? null;
  add(908, "SmartMainboardSoftwareApplicationVersion", connectedAt, firmware);
  add(911, "SmartComputerSoftwareApplicationVersion", connectedAt, firmware);
  return states;
}
