import type { HandlerContext, HandlerResult } from "../handler.ts";
import type {
  ConnectorAddress,
  ConnectorState,
  ConnectorStatus,
  StateChange,
  StationEvent,
} from "../station-state.ts";
import { orderingTime } from "../station-time.ts";

/** Most connectors of a station, to bound storage; real stations have far fewer. */
export const CONNECTORS_MAX = 256;
/** Largest id that fits into a database column. */
const ID_MAX = 2 ** 31 - 1;

/** A connector status as a message reports it. */
export interface ConnectorReport extends ConnectorAddress {
  readonly status: ConnectorStatus;
  readonly reported: string;
  readonly errorCode: string;
  readonly availability?: string;
  readonly info?: string | null;
  readonly vendorErrorCode?: string | null;
  readonly timestamp: string | null;
}

/**
 * Change and event for one connector status. A report that is older than the known one, or of an impossible
 * connector, changes nothing.
 */
export function reportConnector(ctx: HandlerContext, report: ConnectorReport): Omit<HandlerResult, "answer"> {
  const { evseId, connectorId, status, reported, errorCode, availability } = report;
  const { at, skewSeconds } = orderingTime(report.timestamp, ctx.now);
  const changes: StateChange[] = [];
  const events: StationEvent[] = [];
  if (skewSeconds !== null) changes.push({ type: "clockSkewed", skewSeconds, at: ctx.now.toISOString() });
  const known = findConnector(ctx, report);
  if (known ? isNewer(known, at, ctx.now) : !mayExist(ctx, report)) return { changes, events };
  const state = { evseId, connectorId, status, reported, errorCode, at };
  changes.push({ type: "connectorStatus", ...state, ...(availability !== undefined && { availability }) });
  if (known?.status !== status || known.errorCode !== errorCode) {
    const previousStatus = known?.status ?? null;
    const { info = null, vendorErrorCode = null } = report;
    const event = { evseId, connectorId, status, previousStatus, errorCode, info, vendorErrorCode, at };
    events.push({ type: "connectorStatusChanged", ...event });
  }
  return { changes, events };
}

/**
 * Whether a report is newer than the known one. A known time in the future was taken before our clock was set back
 * and is ignored.
 */
function isNewer(known: ConnectorState, at: string, now: Date): boolean {
  return known.at > at && known.at <= now.toISOString();
}

function mayExist({ station }: HandlerContext, { evseId, connectorId }: ConnectorAddress): boolean {
  const isLegal = [evseId, connectorId].every((id) => id >= 0 && id <= ID_MAX);
  return isLegal && station.connectors.length < CONNECTORS_MAX;
}

export function findConnector(ctx: HandlerContext, address: ConnectorAddress): ConnectorState | undefined {
  return ctx.station.connectors.find(
    (connector) => connector.evseId === address.evseId && connector.connectorId === address.connectorId,
  );
}
