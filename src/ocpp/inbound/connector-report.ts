import type { HandlerContext, HandlerResult } from "../handler.ts";
import type {
  ConnectorAddress,
  ConnectorState,
  ConnectorStatus,
  StateChange,
  StationEvent,
} from "../station-state.ts";
import { orderingTime } from "../station-time.ts";

/** Far above any station; bounds what a broken one can make us store and tell. */
export const CONNECTORS_MAX = 256;
/** Connector ids are small; beyond this no database column holds one. */
const ID_MAX = 2 ** 31 - 1;

export interface ConnectorReport extends ConnectorAddress {
  readonly status: ConnectorStatus;
  readonly reported: string;
  readonly errorCode: string;
  readonly availability?: string;
  readonly info?: string | null;
  readonly vendorErrorCode?: string | null;
  readonly timestamp: string | null;
}

/** Turns one report into change and event; one older than what is known, or of a connector that cannot exist, changes nothing. */
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

/** A known time in the future is one of our own clock before it was put back, and says nothing of the order. */
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
