import { SETTINGS } from "../setting-table.ts";
import { live, type Setting, type VariablePath } from "../settings.ts";
import { statusOf, type StationState } from "../state.ts";
import { statusWord } from "../status-word.ts";
import type { Turn } from "../turn.ts";

/** Everything in the device model of this station: its settings, and what it says of itself and its EVSEs. */
export function variablesOf(turn: Turn): Setting[] {
  const isKnown = (each: Setting) => each.path2x !== null && (!each.isOnly21 || turn.version === "ocpp2.1");
  const { profile } = turn.state;
  const evses = Array.from({ length: profile.connectors }, (_, index) => evseVariables(index + 1));
  return [...SETTINGS.filter(isKnown), ...STATION, ...evses.flat()];
}

const readOnly = (path2x: VariablePath, value: Setting["value"], isOption = false): Setting => ({
  ...live(null, value, isOption ? { type: "OptionList" } : {}),
  path2x,
});

const STATION: readonly Setting[] = [
  readOnly({ component: "ChargingStation", variable: "Model" }, ({ profile }) => profile.model.slice(0, 20)),
  readOnly({ component: "ChargingStation", variable: "VendorName" }, ({ profile }) =>
    profile.vendor.slice(0, 50),
  ),
  readOnly({ component: "ChargingStation", variable: "SerialNumber" }, ({ profile }) => profile.serialNumber),
  readOnly(
    { component: "ChargingStation", variable: "AvailabilityState" },
    ({ memory }) => (memory.inoperative.includes(0) ? "Unavailable" : "Available"),
    true,
  ),
];

function evseVariables(id: number): Setting[] {
  const state = ({ profile, memory }: StationState) => statusWord(profile.version, statusOf(memory, id));
  return [
    readOnly({ component: "EVSE", evse: { id }, variable: "AvailabilityState" }, state, true),
    readOnly(
      { component: "Connector", evse: { id, connectorId: 1 }, variable: "AvailabilityState" },
      state,
      true,
    ),
  ];
}
