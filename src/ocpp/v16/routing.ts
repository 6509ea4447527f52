import type { Needs, RoutingTable } from "../handler.ts";
import { dataTransfer, vendorOf } from "../inbound/data-transfer.ts";
import { firmwareStatus, logStatus } from "../inbound/job-status.ts";
import { heartbeat, refused, securityEvent } from "../inbound/simple-handlers.ts";
import type { JsonObject } from "../json.ts";
import { optionalText } from "../payload.ts";
import { TEXT_LENGTH } from "../text-length.ts";
import { authorize } from "./inbound/authorize.ts";
import { bootNotification } from "./inbound/boot-notification.ts";
import { meterValues } from "./inbound/meter-values.ts";
import { startTransaction } from "./inbound/start-transaction.ts";
import { statusNotification } from "./inbound/status-notification.ts";
import { stopTransaction } from "./inbound/stop-transaction.ts";

/** Actions that a 1.6 station may send: action to handler. */
export const routesV16: RoutingTable = {
  Authorize: { handler: authorize, needs: idTagOf },
  BootNotification: { handler: bootNotification },
  DataTransfer: { handler: dataTransfer, needs: vendorOf },
  DiagnosticsStatusNotification: { handler: logStatus },
  FirmwareStatusNotification: { handler: firmwareStatus(false) },
  Heartbeat: { handler: heartbeat },
  LogStatusNotification: { handler: logStatus },
  MeterValues: { handler: meterValues },
  SecurityEventNotification: { handler: securityEvent },
  // Signing needs a certificate authority, which Busbar does not have.
  SignCertificate: { handler: refused({ status: "Rejected" }) },
  SignedFirmwareStatusNotification: { handler: firmwareStatus(false) },
  StartTransaction: { handler: startTransaction, needs: idTagOf },
  StatusNotification: { handler: statusNotification },
  StopTransaction: { handler: stopTransaction, needs: idTagOf },
};

function idTagOf(payload: JsonObject): Partial<Needs> {
  const idTag = optionalText(payload, "idTag", TEXT_LENGTH.idTag);
  return idTag === null ? {} : { idTags: [idTag] };
}
