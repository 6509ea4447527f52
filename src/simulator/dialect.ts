import type { JsonObject } from "../ocpp/json.ts";
import type { InboundHandler } from "./inbound.ts";
import type { ConnectorStatus } from "./state.ts";
import type { Turn } from "./turn.ts";

/** What differs between the versions: how a station says things, and what it answers. */
export interface Dialect {
  /** 1.6 reports the station itself as connector 0. */
  readonly firstConnector: 0 | 1;
  boot(turn: Turn, reason: string): JsonObject;
  status(turn: Turn, connectorId: number, status: ConnectorStatus): JsonObject;
  /** Meter reading of one connector, 0 for the main meter. */
  meterValues(turn: Turn, connectorId: number): JsonObject;
  /** CALLs of the central system, spelled as in the specification. */
  readonly actions: Readonly<Record<string, InboundHandler>>;
}
