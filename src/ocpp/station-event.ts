import type { JsonObject } from "./json.ts";

/** An entry of a local authorization list. `expiresAtMs`: epoch ms; null: unlimited. */
export interface LocalListItem {
  readonly idToken: string;
  readonly status: "Accepted" | "Blocked" | "Expired" | "Invalid";
  readonly expiresAtMs: number | null;
  /** Parent id tag of 1.6, group id token of 2.x. */
  readonly group: string | null;
}

/** Stop reasons of OCPP 1.6 and 2.x together. */
export const STOP_REASONS = [
  "DeAuthorized",
  "EmergencyStop",
  "EnergyLimitReached",
  "EVDisconnected",
  "GroundFault",
  "HardReset",
  "ImmediateReset",
  "Local",
  "LocalOutOfCredit",
  "MasterPass",
  "Other",
  "OvercurrentFault",
  "PowerLoss",
  "PowerQuality",
  "Reboot",
  "Remote",
  "SOCLimitReached",
  "SoftReset",
  "StoppedByEV",
  "TimeLimitReached",
  "Timeout",
  "UnlockCommand",
] as const;

export type StopReason = (typeof STOP_REASONS)[number];

/**
 * Something that happens at a simulated station: a driver, a car, a technician or a fault acts on it. Independent of
 * the OCPP version: in 2.x connector n is EVSE n.
 */
export type StationEvent =
  | {
      readonly kind:
        | "plug"
        | "unplug"
        | "unlock_connector"
        | "stop_session"
        | "ev_requests_energy"
        | "ev_stops_energy";
      readonly connectorId: number;
    }
  | { readonly kind: "authorize"; readonly idToken: string }
  | {
      readonly kind: "start_transaction";
      readonly connectorId: number;
      readonly idToken: string;
      /** Meter reading to begin at, Wh; null: that of the meter. */
      readonly meterStartWh: number | null;
    }
  | {
      readonly kind: "stop_transaction";
      readonly connectorId: number;
      /** Null: the transaction of the connector, whatever its id. */
      readonly transactionId: number | string | null;
      readonly reason: StopReason;
    }
  | {
      readonly kind: "start_session";
      readonly connectorId: number;
      readonly idToken: string;
      readonly durationSeconds: number | null;
      readonly targetEnergyWh: number | null;
    }
  | { readonly kind: "power_update"; readonly connectorId: number; readonly powerW: number }
  /** The station sends a CALL as it is given. */
  | { readonly kind: "send"; readonly action: string; readonly payload: JsonObject }
  | {
      readonly kind: "configure";
      readonly entries: ReadonlyArray<{ readonly key: string; readonly value: string }>;
    }
  | { readonly kind: "clear_cache" }
  | {
      readonly kind: "local_list";
      readonly version: number;
      readonly isFull: boolean;
      readonly entries: readonly LocalListItem[];
    }
  | { readonly kind: "clear_local_list" }
  /** `connectorId` 0: the whole station. `faultType`: an error code of OCPP 1.6. */
  | {
      readonly kind: "inject_fault";
      readonly connectorId: number;
      readonly faultType: string;
      readonly info: string | null;
    }
  | { readonly kind: "clear_fault"; readonly connectorId: number };

/** An event on its way to a station. After `expiresAtMs` (epoch ms) it has no effect any more. */
export interface StationCommand {
  readonly id: string;
  readonly event: StationEvent;
  readonly expiresAtMs: number;
  /** True: somebody waits for the result; it is forgotten when its station's host restarts. */
  readonly isAwaited?: boolean;
}

/** Commands that wait for one station. */
export const STATION_QUEUE_MAX = 32;
