import type { Handler, HandlerContext, HandlerResult } from "../../handler.ts";
import { findConnector, reportConnector } from "../../inbound/connector-report.ts";
import { notified } from "../../inbound/notified.ts";
import type { JsonObject } from "../../json.ts";
import { needObjects, optionalText } from "../../payload.ts";
import type { StateChange, StationEvent } from "../../station-state.ts";
import { connectorStatus, errorCodeOf } from "../connector-status.ts";
import { readVariable } from "../variable-key.ts";

const keep = notified("NotifyEvent");

/** OCPP 2.x N07. A station may tell its connectors' states here instead of by StatusNotification (G01). */
export const notifyEvent: Handler = (ctx, payload) => {
  const changes: StateChange[] = [];
  const events: StationEvent[] = [...keep(ctx, payload).events];
  for (const row of needObjects(payload, "eventData")) {
    const report = connectorEvent(ctx, row);
    changes.push(...report.changes);
    events.push(...report.events);
  }
  return { answer: {}, changes, events };
};

function connectorEvent(ctx: HandlerContext, row: JsonObject): Omit<HandlerResult, "answer"> {
  const variable = readVariable(row);
  const reported = variable && reportedState(variable.variable, optionalText(row, "actualValue"));
  if (!reported || variable.component !== "Connector" || variable.evseId === null)
    return { changes: [], events: [] };
  const address = { evseId: variable.evseId, connectorId: variable.connectorId ?? 1 };
  const transaction = ctx.station.transactions.openOn(address.evseId);
  const status = connectorStatus(reported, transaction, findConnector(ctx, address));
  const timestamp = optionalText(row, "timestamp");
  return reportConnector(ctx, { ...address, status, reported, errorCode: errorCodeOf(status), timestamp });
}

function reportedState(variable: string, value: string | null): string | null {
  if (variable === "AvailabilityState") return value;
  return variable === "Problem" && value?.toLowerCase() === "true" ? "Faulted" : null;
}
