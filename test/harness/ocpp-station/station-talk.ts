import type { OcppVersion } from "../../../src/ocpp/version.ts";

/** A transaction as its station knows it. */
export interface StationCharge {
  /** Transaction id of OCPP 2.x, chosen by the station. */
  localId: string;
  connectorId: number;
  idTag: string;
  startedAt: string;
  meterStartWh: number;
  /** What asked for it; absent: somebody with a card. */
  remote?: { remoteStartId: number | null };
  /** Reservation that its start names. */
  reservationId?: number;
  /** Transaction ids that answers of 1.6 gave. There should be one. */
  transactionIds: number[];
  /** Authorisation status of the id tag, one per answer to a start. */
  verdicts: string[];
  isStartAnswered: boolean;
  readings: { energyWh: number; at: string; isAnswered: boolean }[];
  stop: StationStop | null;
  /** Of 2.x. */
  nextSeqNo: number;
}

/** The end of a transaction. */
export interface StationStop {
  energyWh: number;
  at: string;
  reason: "Local" | "Remote";
  isAnswered: boolean;
}

/** One message about a transaction in one OCPP version. */
export interface Worded {
  action: string;
  payload: Record<string, unknown>;
}

/** What differs between the OCPP versions. */
export interface Talk {
  boot: Record<string, unknown>;
  start(charge: StationCharge): Worded;
  reading(charge: StationCharge, reading: { energyWh: number; at: string }, seqNo: number): Worded;
  stop(charge: StationCharge, stop: Pick<StationStop, "energyWh" | "at" | "reason">, seqNo: number): Worded;
  status(connectorId: number, status: string, at: string): Worded;
  authorize(idTag: string): Worded;
  /** The end of a reservation that the station ended itself; null: the version has no message for it. */
  reservationEnded(reservationId: number, status: "Expired" | "Removed"): Worded | null;
  /** Authorisation status in an answer to a start or an Authorize. */
  verdict(answer: Record<string, unknown>): string | null;
}

const OF_16: Talk = {
  boot: { chargePointVendor: "Acme", chargePointModel: "Chaos" },
  start: ({ connectorId, idTag, meterStartWh, startedAt, reservationId }) => ({
    action: "StartTransaction",
    payload: {
      connectorId,
      idTag,
      meterStart: meterStartWh,
      timestamp: startedAt,
      ...(reservationId !== undefined && { reservationId }),
    },
  }),
  reading: ({ connectorId, transactionIds }, { energyWh, at }) => ({
    action: "MeterValues",
    payload: {
      connectorId,
      transactionId: transactionIds.at(-1) ?? -1,
      meterValue: [{ timestamp: at, sampledValue: [{ value: String(energyWh), unit: "Wh" }] }],
    },
  }),
  stop: ({ transactionIds, idTag }, { energyWh, at, reason }) => ({
    action: "StopTransaction",
    payload: {
      transactionId: transactionIds.at(-1) ?? -1,
      meterStop: energyWh,
      timestamp: at,
      idTag,
      reason,
    },
  }),
  status: (connectorId, status, timestamp) => ({
    action: "StatusNotification",
    payload: { connectorId, errorCode: "NoError", status, timestamp },
  }),
  authorize: (idTag) => ({ action: "Authorize", payload: { idTag } }),
  reservationEnded: () => null,
  verdict: (answer) => statusIn(answer["idTagInfo"]),
};

const energy = (energyWh: number, at: string, context: string) => [
  { timestamp: at, sampledValue: [{ value: energyWh, context, measurand: "Energy.Active.Import.Register" }] },
];
const idToken = (idTag: string, remote?: StationCharge["remote"]) => ({
  idToken: idTag,
  type: remote ? "Central" : "ISO14443",
});

const OF_2X: Talk = {
  boot: { reason: "PowerUp", chargingStation: { vendorName: "Acme", model: "Chaos" } },
  start: ({ localId, connectorId, idTag, meterStartWh, startedAt, remote, reservationId }) => ({
    action: "TransactionEvent",
    payload: {
      eventType: "Started",
      timestamp: startedAt,
      triggerReason: remote ? "RemoteStart" : "Authorized",
      seqNo: 0,
      transactionInfo: { transactionId: localId, chargingState: "Charging", ...remote },
      evse: { id: connectorId, connectorId: 1 },
      idToken: idToken(idTag, remote),
      ...(reservationId !== undefined && { reservationId }),
      meterValue: energy(meterStartWh, startedAt, "Transaction.Begin"),
    },
  }),
  reading: ({ localId, connectorId }, { energyWh, at }, seqNo) => ({
    action: "TransactionEvent",
    payload: {
      eventType: "Updated",
      timestamp: at,
      triggerReason: "MeterValuePeriodic",
      seqNo,
      transactionInfo: { transactionId: localId, chargingState: "Charging" },
      evse: { id: connectorId, connectorId: 1 },
      meterValue: energy(energyWh, at, "Sample.Periodic"),
    },
  }),
  stop: ({ localId, connectorId, idTag, remote }, { energyWh, at, reason }, seqNo) => ({
    action: "TransactionEvent",
    payload: {
      eventType: "Ended",
      timestamp: at,
      triggerReason: reason === "Remote" ? "RemoteStop" : "StopAuthorized",
      seqNo,
      transactionInfo: { transactionId: localId, chargingState: "Idle", stoppedReason: reason },
      evse: { id: connectorId, connectorId: 1 },
      idToken: idToken(idTag, remote),
      meterValue: energy(energyWh, at, "Transaction.End"),
    },
  }),
  status: (connectorId, status, timestamp) => ({
    action: "StatusNotification",
    payload: { timestamp, connectorStatus: status, evseId: connectorId, connectorId: 1 },
  }),
  authorize: (idTag) => ({ action: "Authorize", payload: { idToken: idToken(idTag) } }),
  reservationEnded: (reservationId, reservationUpdateStatus) => ({
    action: "ReservationStatusUpdate",
    payload: { reservationId, reservationUpdateStatus },
  }),
  verdict: (answer) => statusIn(answer["idTokenInfo"]),
};

function statusIn(info: unknown): string | null {
  return typeof info === "object" && info !== null && "status" in info ? String(info.status) : null;
}

export function talkOf(version: OcppVersion): Talk {
  return version === "ocpp1.6" ? OF_16 : OF_2X;
}
