import type { RoutingTable } from "../handler.ts";
import { heartbeat } from "../inbound/heartbeat.ts";
import { bootNotification } from "./inbound/boot-notification.ts";
import { statusNotification } from "./inbound/status-notification.ts";

/** What a 2.0.1 or 2.1 station may send us; an action that 2.0.1 does not define never gets here on 2.0.1. */
export const routesV2x: RoutingTable = {
  BootNotification: { handler: bootNotification },
  Heartbeat: { handler: heartbeat },
  StatusNotification: { handler: statusNotification },
};
