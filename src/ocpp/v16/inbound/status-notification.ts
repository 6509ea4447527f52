import type { Handler } from "../../handler.ts";
import { reportConnector } from "../../inbound/connector-report.ts";
import { needInteger, needText, optionalText } from "../../payload.ts";
import type { ConnectorStatus } from "../../station-state.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

const STATUSES: ReadonlySet<string> = new Set<ConnectorStatus>([
  "Available",
  "Preparing",
  "Charging",
  "SuspendedEVSE",
  "SuspendedEV",
  "Finishing",
  "Reserved",
  "Unavailable",
  "Faulted",
]);

/** StatusNotification (OCPP 1.6 §4.9). Connector 0 is the main controller. An unknown status becomes Unavailable. */
export const statusNotification: Handler = (ctx, payload) => {
  const evseId = needInteger(payload, "connectorId");
  const reported = needText(payload, "status", TEXT_LENGTH.word);
  const report = reportConnector(ctx, {
    evseId,
    connectorId: evseId === 0 ? 0 : 1,
    status: isConnectorStatus(reported) ? reported : "Unavailable",
    reported,
    errorCode: needText(payload, "errorCode", TEXT_LENGTH.word),
    info: optionalText(payload, "info", 50),
    vendorErrorCode: optionalText(payload, "vendorErrorCode", 50),
    timestamp: optionalText(payload, "timestamp"),
  });
  return { answer: {}, ...report };
};

function isConnectorStatus(text: string): text is ConnectorStatus {
  return STATUSES.has(text);
}
