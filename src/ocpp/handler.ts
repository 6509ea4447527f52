import type { JsonObject } from "./json.ts";
import type { StateChange, StationEvent, StationState } from "./station-state.ts";
import type { OcppVersion } from "./version.ts";

/** What is known about an id tag before a handler runs. */
export interface TagVerdict {
  readonly status:
    | "Accepted"
    | "Blocked"
    | "Expired"
    | "Unknown"
    | "NotAtThisLocation"
    | "ConcurrentTx"
    /** Not by what is known of the tag, but by the certificate that came with it. */
    | "Invalid";
  /** ISO 8601 */
  readonly expiryDate: string | null;
  readonly parentIdTag: string | null;
}

/** Facts from outside the session, fetched before the handler runs because a handler never waits. */
export interface Lookups {
  tag(idTag: string): TagVerdict;
  /** Does an active webhook of the organisation subscribe to this event? */
  subscribes(event: string): boolean;
}

/** What a handler will ask of `Lookups`. */
export interface Needs {
  readonly idTags: readonly string[];
  readonly webhookEvents: readonly string[];
}

export interface Ids {
  /** The next of the transaction ids this session holds; throws when it holds none, and the station will retry. */
  nextTransactionId(): number;
}

export interface HandlerContext {
  readonly now: Date;
  readonly version: OcppVersion;
  readonly station: StationState;
  readonly ids: Ids;
  readonly lookups: Lookups;
}

export interface HandlerResult {
  readonly answer: JsonObject;
  readonly changes: readonly StateChange[];
  readonly events: readonly StationEvent[];
}

/** One inbound action: pure, synchronous, all effects in its result. */
export type Handler = (ctx: HandlerContext, payload: JsonObject) => HandlerResult;

/** A row of a routing table. `needs` names what must be looked up first; absent: nothing. */
export interface Route {
  readonly handler: Handler;
  readonly needs?: (payload: JsonObject) => Partial<Needs>;
}

export type RoutingTable = Readonly<Record<string, Route>>;

/** An answer without consequences. */
export function answerOnly(answer: JsonObject): HandlerResult {
  return { answer, changes: [], events: [] };
}
