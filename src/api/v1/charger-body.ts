import { z } from "@hono/zod-openapi";
import type { ConnectedCharger, SessionSnapshot, StopConflict } from "../../ports.ts";
import { knownConnectors } from "../http/known-connectors.ts";
import { chargeBoxId, timestamp } from "./fields.ts";

export const chargerSummary = z.object({
  id: z.uuid(),
  chargeBoxId,
  name: z.string().nullable(),
  status: z.enum(["online", "offline"]),
  isOnline: z.boolean(),
  vendor: z.string().nullable(),
  model: z.string().nullable(),
  lastHeartbeat: timestamp.nullable().openapi({ description: "Time of the last message of any kind" }),
});

const toldStop = z.object({ meterStop: z.int().nullable(), stopTime: timestamp, stopReason: z.string() });

export const chargerDetail = chargerSummary
  .extend({
    location: z.string().nullable(),
    serialNumber: z.string().nullable(),
    firmwareVersion: z.string().nullable(),
    registeredAt: timestamp,
    ocppVersion: z.enum(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]).nullable(),
    securityProfile: z.int(),
    connectionUrl: z.string(),
    quarantinedUntil: timestamp.optional().openapi({
      description:
        "Until then its connections are answered 429, for more than 60 of them took over from a live one in an hour; only there while that holds",
    }),
    stopConflicts: z
      .array(
        z.object({
          transactionId: z.int(),
          kept: toldStop,
          told: toldStop,
          receivedAt: timestamp,
        }),
      )
      .optional()
      .openapi({
        description:
          "The newest ten transactions with two different ends reported by the charger. `kept` is the first one, which counts. Absent if there are none",
      }),
    authorizationKeyLost: z.literal(true).optional().openapi({
      description:
        "The key of its station was lost with stored sessions: rotate it and give the station the new one; only there while that holds",
    }),
    connectors: z.array(
      z.object({
        connectorId: z.int(),
        evseConnectorId: z.int().optional(),
        status: z.string(),
        errorCode: z.string(),
        lastUpdated: timestamp,
      }),
    ),
  })
  .openapi("CommandApiCharger");

/** The charger with the state of its session. Values that the session does not have are those of the row in Postgres. */
export function withSnapshot(charger: ConnectedCharger, session: SessionSnapshot | null): ConnectedCharger {
  if (session === null) return charger;
  return {
    ...charger,
    online: session.online,
    ocppVersion: session.version ?? charger.ocppVersion,
    securityProfile: session.securityProfile,
    vendor: session.vendor ?? charger.vendor,
    model: session.model ?? charger.model,
    serialNumber: session.serialNumber ?? charger.serialNumber,
    firmwareVersion: session.firmwareVersion ?? charger.firmwareVersion,
    lastMessageAt:
      session.lastMessageAtMs === null ? charger.lastMessageAt : new Date(session.lastMessageAtMs),
    connectors: knownConnectors(charger.connectors, session),
  };
}

export function summaryBody(charger: ConnectedCharger): z.infer<typeof chargerSummary> {
  return {
    id: charger.id,
    chargeBoxId: charger.identity,
    name: charger.name,
    status: charger.online ? "online" : "offline",
    isOnline: charger.online,
    vendor: charger.vendor,
    model: charger.model,
    lastHeartbeat: charger.lastMessageAt?.toISOString() ?? null,
  };
}

export function detailBody(
  charger: ConnectedCharger,
  session: SessionSnapshot | null,
  url: string,
): z.infer<typeof chargerDetail> {
  const quarantinedUntilMs = session?.quarantinedUntilMs ?? null;
  return {
    ...summaryBody(charger),
    location: charger.location,
    serialNumber: charger.serialNumber,
    firmwareVersion: charger.firmwareVersion,
    registeredAt: charger.registeredAt.toISOString(),
    ocppVersion: charger.ocppVersion,
    securityProfile: charger.securityProfile,
    connectionUrl: url,
    ...(quarantinedUntilMs === null ? {} : { quarantinedUntil: new Date(quarantinedUntilMs).toISOString() }),
    ...(charger.stopConflicts.length === 0
      ? {}
      : { stopConflicts: charger.stopConflicts.map(stopConflictBody) }),
    ...(charger.isKeyLost ? { authorizationKeyLost: true as const } : {}),
    connectors: connectorBodies(charger),
  };
}

function stopConflictBody({ transactionId, kept, told, receivedAt }: StopConflict) {
  const stop = ({ meterStopWh, stoppedAt, stopReason }: StopConflict["kept"]) => ({
    meterStop: meterStopWh,
    stopTime: stoppedAt,
    stopReason,
  });
  return { transactionId, kept: stop(kept), told: stop(told), receivedAt: receivedAt.toISOString() };
}

/** Connectors of the answer. OCPP 1.6 has no EVSEs. Connector 0 of a 1.6 station is the station itself and is left out. */
function connectorBodies({ connectors, ocppVersion }: ConnectedCharger) {
  const hasEvses = ocppVersion !== null && ocppVersion !== "ocpp1.6";
  return connectors
    .filter(({ evseId }) => evseId > 0)
    .toSorted((a, b) => a.evseId - b.evseId || a.connectorId - b.connectorId)
    .map(({ evseId, connectorId, status, errorCode, updatedAt }) => ({
      connectorId: evseId,
      ...(hasEvses ? { evseConnectorId: connectorId } : {}),
      status,
      errorCode,
      lastUpdated: updatedAt.toISOString(),
    }));
}
