import type { HandlerContext } from "../../../ocpp/handler.ts";
import { CONNECTORS_MAX } from "../../../ocpp/inbound/connector-report.ts";
import type { StateChange, TransactionLookup } from "../../../ocpp/station-state.ts";
import { judgeKnownTag } from "../../../ocpp/tag-judgement.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";
import { remoteStartLookup } from "../storage/remote-starts.ts";
import type { KnownTags } from "./known-tags.ts";
import type { VendorSubscriptions } from "./vendor-subscriptions.ts";
import { tagRulesOf } from "./tag-policy.ts";
import { standingRefusals, withRefused } from "../storage/refused-tokens.ts";
import type { SessionRecord, StoredConnector } from "../storage/session-record.ts";

export interface Surroundings {
  version: OcppVersion;
  nowMs: number;
  transactions: TransactionLookup;
  nextTransactionId: () => number;
  tags: KnownTags;
  vendors: VendorSubscriptions;
}

/** The session as handlers see it. */
export function handlerContext(
  record: SessionRecord,
  { version, nowMs, transactions, nextTransactionId, tags, vendors }: Surroundings,
): HandlerContext {
  return {
    now: new Date(nowMs),
    version,
    station: {
      registration: record.registration,
      bootAnswer: record.bootAnswer,
      heartbeatIntervalSeconds: record.heartbeatIntervalSeconds,
      bootFacts: record.bootFacts,
      clockOffMs: record.clockOffMs,
      connectors: record.connectors,
      triggered: new Set(record.triggered),
      jobRequests: record.jobRequests,
      refusedTokens: standingRefusals(record.refusedTokens, transactions, nowMs),
      transactions,
      remoteStarts: remoteStartLookup(record, nowMs),
    },
    ids: { nextTransactionId },
    lookups: {
      tag: (idTag, type) => judgeKnownTag(tags.find(record, idTag), tagRulesOf(record), { type, nowMs }),
      wantsVendor: (vendorId) => vendors.wants(record, vendorId),
    },
  };
}

/**
 * Applies changes of a handler to the record. True: the record changed. Changes of transactions belong to their table, and parts
 * of reports to the command that asked for them.
 */
export function applyChanges(record: SessionRecord, changes: readonly StateChange[], nowMs: number): boolean {
  return changes.map((change) => applyChange(record, change, nowMs)).includes(true);
}

function applyChange(record: SessionRecord, change: StateChange, nowMs: number): boolean {
  switch (change.type) {
    case "booted":
      record.registration = change.registration;
      record.bootFacts = change.facts;
      record.triggered = [];
      // The station sets its clock by our answer.
      record.clockOffMs = 0;
      record.connectors = record.connectors.map((connector) => ({ ...connector, at: "" }));
      return true;
    case "connectorStatus": {
      const { type: _, ...state } = change;
      return putConnector(record, { ...state, updatedAtMs: nowMs });
    }
    case "tokenRefused":
      record.refusedTokens = withRefused(record.refusedTokens, change.token, nowMs);
      return true;
    case "transactionOpened":
    case "transactionUpdated":
    case "transactionClosed":
    case "transactionConfirmed":
    case "unconfirmedStop":
    case "reportPart":
      return false;
    // Not stored: the session measures the clock itself, and limits are kept by the station. Reservations are settled elsewhere.
    case "clockSkewed":
    case "reservationEnded":
    case "chargingLimit":
      return false;
    default:
      return change satisfies never;
  }
}

function putConnector(record: SessionRecord, connector: StoredConnector): boolean {
  const others = record.connectors.filter(
    ({ evseId, connectorId }) => evseId !== connector.evseId || connectorId !== connector.connectorId,
  );
  if (others.length >= CONNECTORS_MAX) return false;
  record.connectors = [...others, connector].toSorted(
    (a, b) => a.evseId - b.evseId || a.connectorId - b.connectorId,
  );
  return true;
}
