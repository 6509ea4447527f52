import type { JsonObject } from "./json.ts";
import type { StateChange, StationEvent, StationState } from "./station-state.ts";
import type { OcppVersion } from "./version.ts";

/** Authorization status of an id tag, looked up before a handler runs. */
export interface TagVerdict {
  readonly status:
    | "Accepted"
    | "Blocked"
    | "Expired"
    | "Unknown"
    | "NotAtThisLocation"
    | "ConcurrentTx"
    /** Invalid because of the certificate that came with the tag. */
    | "Invalid";
  /** ISO 8601 */
  readonly expiryDate: string | null;
  readonly parentIdTag: string | null;
}

/** Data from outside the session, fetched before the handler runs, because handlers are synchronous. */
export interface Lookups {
  /** `type`: that of the token, where it is compared with the one the tag was stored with. */
  tag(idTag: string, type: string | null): TagVerdict;
  /** Whether an active webhook of the organisation wants messages of this vendor. */
  wantsVendor(vendorId: string): boolean;
}

/** What has to be fetched for `Lookups`. */
export interface Needs {
  readonly idTags: readonly string[];
  /** Vendors of messages. */
  readonly vendorIds: readonly string[];
}

export interface Ids {
  /**
   * Next transaction id of the block that the session holds. Throws if it holds none; the station then repeats its
   * message.
   */
  nextTransactionId(): number;
}

/** Everything that a handler reads. */
export interface HandlerContext {
  readonly now: Date;
  readonly version: OcppVersion;
  readonly station: StationState;
  readonly ids: Ids;
  readonly lookups: Lookups;
}

/** Answer, changes of state and events of one message. */
export interface HandlerResult {
  readonly answer: JsonObject;
  readonly changes: readonly StateChange[];
  readonly events: readonly StationEvent[];
}

/** Handler of one inbound action. It is pure and synchronous: all changes and events are in its result. */
export type Handler = (ctx: HandlerContext, payload: JsonObject) => HandlerResult;

/** Row of a routing table. `needs` returns what has to be fetched first; absent: nothing. */
export interface Route {
  readonly handler: Handler;
  readonly needs?: (payload: JsonObject) => Partial<Needs>;
}

/** Routes of one OCPP version by action. */
export type RoutingTable = Readonly<Record<string, Route>>;

/** Result with an answer and no changes. */
export function answerOnly(answer: JsonObject): HandlerResult {
  return { answer, changes: [], events: [] };
}
