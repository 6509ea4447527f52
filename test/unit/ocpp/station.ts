import type { HandlerContext, TagVerdict } from "../../../src/ocpp/handler.ts";
import type {
  RemoteStartLookup,
  StationState,
  TransactionLookup,
  TransactionRecord,
} from "../../../src/ocpp/station-state.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";

export const NOW = new Date("2026-11-21T10:00:00.000Z");

const noTransactions: TransactionLookup = {
  byId: () => null,
  byOcppId: () => null,
  openOn: () => null,
  open: () => [],
  unconfirmedStop: () => null,
  byStart: () => null,
  stopOf: () => null,
  hasEvent: () => false,
};

export const noRemoteStarts: RemoteStartLookup = {
  claimable: () => null,
  byRemoteStartId: () => null,
  isAwaited: () => false,
};

/** Finds among these records as a session would, within one charger. */
export function transactionsOf(...records: TransactionRecord[]): TransactionLookup {
  return {
    ...noTransactions,
    byId: (id) => records.find((record) => record.transactionId === id) ?? null,
    byOcppId: (id) => records.find((record) => record.ocppTransactionId === id) ?? null,
    openOn: (evseId) =>
      records.find((record) => record.evseId === evseId && record.stoppedAt === null) ?? null,
    open: () => records.filter((record) => record.stoppedAt === null),
    byStart: (start) =>
      records.find(
        (record) =>
          record.evseId === start.evseId &&
          record.idTag === start.idTag &&
          record.meterStartWh === start.meterStartWh &&
          record.startTimestamp === start.timestamp,
      ) ?? null,
  };
}

export function transaction(fields: Partial<TransactionRecord> = {}): TransactionRecord {
  return {
    transactionId: 7,
    ocppTransactionId: null,
    evseId: 1,
    connectorId: 1,
    idTag: "TAG",
    meterStartWh: 100,
    startedAt: "2026-11-21T09:00:00.000Z",
    startTimestamp: "2026-11-21T09:00:00Z",
    remoteStarted: false,
    stoppedAt: null,
    chargingState: null,
    lastSeqNo: null,
    lostStop: false,
    isConfirmed: false,
    ...fields,
  };
}

/** An accepted station that nothing else is known of. */
function station(fields: Partial<StationState> = {}): StationState {
  return {
    registration: "Accepted",
    bootAnswer: "Accepted",
    heartbeatIntervalSeconds: 300,
    bootFacts: null,
    clockOffMs: 0,
    connectors: [],
    triggered: new Set(),
    jobRequests: {},
    refusedTokens: new Set(),
    transactions: noTransactions,
    remoteStarts: noRemoteStarts,
    ...fields,
  };
}

export function context(
  version: OcppVersion,
  fields: Partial<StationState> = {},
  tags: Record<string, Partial<TagVerdict>> = {},
): HandlerContext {
  let lastId = 1000;
  return {
    now: NOW,
    version,
    station: station(fields),
    ids: { nextTransactionId: () => ++lastId },
    lookups: {
      tag: (idTag) => ({
        status: idTag in tags ? "Accepted" : "Unknown",
        expiryDate: null,
        parentIdTag: null,
        ...tags[idTag],
      }),
      wantsVendor: () => "webhook" in tags,
    },
  };
}
