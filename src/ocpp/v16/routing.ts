import type { RoutingTable } from "../handler.ts";
import { heartbeat } from "../inbound/heartbeat.ts";
import { bootNotification } from "./inbound/boot-notification.ts";
import { statusNotification } from "./inbound/status-notification.ts";

/** What a 1.6 station may send us: action to handler. */
export const routesV16: RoutingTable = {
  BootNotification: { handler: bootNotification },
  Heartbeat: { handler: heartbeat },
  StatusNotification: { handler: statusNotification },
};
