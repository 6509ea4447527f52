import type { Handler, HandlerContext, HandlerResult } from "../../handler.ts";
import { findConnector, reportConnector } from "../../inbound/connector-report.ts";
import { notified } from "../../inbound/simple-handlers.ts";
import type { JsonObject } from "../../json.ts";
import { needObjects, optionalText } from "../../payload.ts";
import type { ConnectorState, StateChange, StationEvent } from "../../station-state.ts";
import { orderingTime } from "../../station-time.ts";
import { connectorStatus, errorCodeOf } from "../connector-status.ts";
import { readVariable } from "../variable-key.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

const keep = notified("NotifyEvent");

/**
 * NotifyEvent (OCPP 2.x N07). A station may report connector states here instead of in StatusNotification (G01). Rows
 * may be in any order; they are applied in the order of their times.
 */
export const notifyEvent: Handler = (ctx, payload) => {
  const changes: StateChange[] = [];
  const events: StationEvent[] = [...keep(ctx, payload).events];
  let connectors = ctx.station.connectors;
  for (const row of inTime(needObjects(payload, "eventData"), ctx.now)) {
    const report = connectorEvent({ ...ctx, station: { ...ctx.station, connectors } }, row);
    for (const change of report.changes)
      if (change.type === "connectorStatus") connectors = withConnector(connectors, change);
    changes.push(...report.changes);
    events.push(...report.events);
  }
  return { answer: {}, changes, events };
};

function inTime(rows: readonly JsonObject[], now: Date): JsonObject[] {
  return rows
    .map((row) => ({ row, at: orderingTime(optionalText(row, "timestamp"), now).at }))
    .toSorted((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)))
    .map(({ row }) => row);
}

function withConnector(connectors: readonly ConnectorState[], state: ConnectorState): ConnectorState[] {
  const { evseId, connectorId } = state;
  return [...connectors.filter((one) => one.evseId !== evseId || one.connectorId !== connectorId), state];
}

function connectorEvent(ctx: HandlerContext, row: JsonObject): Omit<HandlerResult, "answer"> {
  const nothing = { changes: [], events: [] };
  const variable = readVariable(row);
  if (variable?.component !== "Connector" || variable.evseId === null) return nothing;
  const address = { evseId: variable.evseId, connectorId: variable.connectorId ?? 1 };
  const known = findConnector(ctx, address);
  const transaction = ctx.station.transactions.openOn(address.evseId);
  const told = toldState(variable.variable, row, known, transaction ? "Occupied" : "Available");
  if (!told) return nothing;
  const status = connectorStatus(told.reported, transaction, known);
  const timestamp = optionalText(row, "timestamp");
  return reportConnector(ctx, { ...address, ...told, status, errorCode: errorCodeOf(status), timestamp });
}

/** Connector state in a row; null: none. `assumed`: state after a Problem if none was reported before it. */
function toldState(
  variable: string,
  row: JsonObject,
  known: ConnectorState | undefined,
  assumed: string,
): Pick<ConnectorState, "reported" | "availability"> | null {
  const value = optionalText(row, "actualValue", TEXT_LENGTH.word);
  if (value === null) return null;
  if (variable === "AvailabilityState") return { reported: value };
  if (variable !== "Problem") return null;
  const before = known?.availability;
  const stands = value.toLowerCase() === "true" && row.cleared !== true;
  if (stands) return { reported: "Faulted", availability: before ?? known?.reported ?? assumed };
  return before === undefined ? null : { reported: before };
}
