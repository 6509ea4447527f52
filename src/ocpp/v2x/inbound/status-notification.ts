import type { Handler } from "../../handler.ts";
import { findConnector, reportConnector } from "../../inbound/connector-report.ts";
import { needInteger, needText, optionalText } from "../../payload.ts";
import { connectorStatus, errorCodeOf } from "../connector-status.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

/** StatusNotification (OCPP 2.x G01). */
export const statusNotification: Handler = (ctx, payload) => {
  const address = {
    evseId: needInteger(payload, "evseId"),
    connectorId: needInteger(payload, "connectorId"),
  };
  const reported = needText(payload, "connectorStatus", TEXT_LENGTH.word);
  const transaction = ctx.station.transactions.openOn(address.evseId);
  const status = connectorStatus(reported, transaction, findConnector(ctx, address));
  const timestamp = optionalText(payload, "timestamp");
  const report = { ...address, status, reported, errorCode: errorCodeOf(status), timestamp };
  return { answer: {}, ...reportConnector(ctx, report) };
};
