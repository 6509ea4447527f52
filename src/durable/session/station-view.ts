import type { HandlerContext } from "../../ocpp/handler.ts";
import type { StateChange, StationEvent, TransactionLookup } from "../../ocpp/station-state.ts";
import type { OcppVersion } from "../../ocpp/version.ts";
import type { SessionFact } from "../../ports.ts";
import type { SessionRecord, StoredConnector } from "./session-record.ts";

/** Far above any station; bounds what a broken one can make us store. */
const CONNECTORS_MAX = 256;

const NO_TRANSACTIONS: TransactionLookup = {
  byId: () => null,
  byOcppId: () => null,
  openOn: () => null,
  byStart: () => null,
  reservedBy: () => null,
  hasEvent: () => false,
};

/** What a handler may see of the session. */
export function handlerContext(record: SessionRecord, version: OcppVersion, nowMs: number): HandlerContext {
  const { registration, bootAnswer, heartbeatIntervalSeconds, bootFacts, connectors, triggered } = record;
  return {
    now: new Date(nowMs),
    version,
    station: {
      registration,
      bootAnswer,
      heartbeatIntervalSeconds,
      bootFacts,
      connectors,
      triggered: new Set(triggered),
      transactions: NO_TRANSACTIONS,
    },
    ids: {
      nextTransactionId() {
        throw new Error("This session holds no transaction ids");
      },
    },
    lookups: {
      tag: () => ({ status: "Accepted", expiryDate: null, parentIdTag: null }),
      subscribes: () => false,
    },
  };
}

/** Applies what a handler decided. True when the record changed and must be saved. */
export function applyChanges(record: SessionRecord, changes: readonly StateChange[], nowMs: number): boolean {
  let isChanged = false;
  for (const change of changes) {
    if (change.type === "booted") {
      record.registration = change.registration;
      record.bootFacts = change.facts;
      record.triggered = [];
      record.connectors = record.connectors.map((connector) => ({ ...connector, at: "" }));
      isChanged = true;
    } else if (change.type === "connectorStatus") {
      const { type: _, ...state } = change;
      isChanged = putConnector(record, { ...state, updatedAtMs: nowMs }) || isChanged;
    }
  }
  return isChanged;
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

/** What the rest of the system must know of an event; null for what concerns the session alone. */
export function factOf(event: StationEvent): SessionFact | null {
  switch (event.type) {
    case "booted": {
      const { vendor, model, serialNumber, firmwareVersion } = event.facts;
      return { type: "boot", vendor, model, serialNumber, firmwareVersion };
    }
    case "connectorStatusChanged": {
      const { evseId, connectorId, status, errorCode } = event;
      return { type: "connector", evseId, connectorId, status, errorCode };
    }
    default:
      return null;
  }
}
