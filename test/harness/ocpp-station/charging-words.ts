import type { OcppVersion } from "../../../src/ocpp/version.ts";

type Message = [action: string, payload: Record<string, unknown>];

export interface Charge {
  /** Default: USER123. */
  idTag?: string;
  /** How long ago the station says it was. */
  agoMs?: number;
  /** Transaction id of a 2.x station. */
  ocppId?: string;
  connectorId?: number;
}

/** Charging in the words of each OCPP version: calls that a station gets, and messages that it sends. */
export function chargingWords(
  version: OcppVersion,
  { idTag = "USER123", agoMs = 0, ocppId = "6f6c2d0e-5b1f", connectorId = 1 }: Charge = {},
) {
  const is16 = version === "ocpp1.6";
  const at = () => new Date(Date.now() - agoMs).toISOString();
  const idToken = { idToken: idTag, type: "Central" };
  const event = (eventType: string, seqNo: number, info: object, more: object): Message => [
    "TransactionEvent",
    {
      eventType,
      seqNo,
      timestamp: at(),
      triggerReason: "RemoteStart",
      transactionInfo: { transactionId: ocppId, ...info },
      evse: { id: connectorId, connectorId: 1 },
      meterValue: [{ timestamp: at(), sampledValue: [{ value: seqNo === 0 ? 1000 : 15_000 }] }],
      ...more,
    },
  ];
  const start16 = { connectorId, idTag, meterStart: 1000 };
  return {
    startAction: is16 ? "RemoteStartTransaction" : "RequestStartTransaction",
    startPayload: (remoteStartId: unknown) =>
      is16 ? { connectorId, idTag } : { remoteStartId, idToken, evseId: connectorId },
    stopAction: is16 ? "RemoteStopTransaction" : "RequestStopTransaction",
    stopPayload: (transactionId: number) => ({ transactionId: is16 ? transactionId : ocppId }),
    /** When charging begins, after a remote start with this number. */
    begin: (remoteStartId: number): Message =>
      is16
        ? ["StartTransaction", { ...start16, timestamp: at() }]
        : event("Started", 0, { remoteStartId }, { idToken }),
    /** When charging begins by a card, on a reservation with this number if it names one. */
    beginByCard: (reservationId?: number): Message => {
      const named = reservationId === undefined ? {} : { reservationId };
      return is16
        ? ["StartTransaction", { ...start16, timestamp: at(), ...named }]
        : event("Started", 0, {}, { idToken, triggerReason: "Authorized", ...named });
    },
    end: (transactionId: number): Message =>
      is16
        ? ["StopTransaction", { transactionId, meterStop: 15_000, timestamp: at(), reason: "Remote" }]
        : event("Ended", 1, { stoppedReason: "Remote" }, { triggerReason: "RemoteStop" }),
  };
}
