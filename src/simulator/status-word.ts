import type { OcppVersion } from "../ocpp/version.ts";
import type { ConnectorStatus } from "./state.ts";

const SAME_IN_2X: readonly ConnectorStatus[] = ["Available", "Reserved", "Unavailable"];

/** How a version calls a status: 2.x tells the states of a charge in TransactionEvent instead. */
export function statusWord(version: OcppVersion, status: ConnectorStatus): string {
  return version === "ocpp1.6" || SAME_IN_2X.includes(status) ? status : "Occupied";
}
