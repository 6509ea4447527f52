import { systemIds, ulidOf } from "../../../fleet/ids.ts";
import type { HeldReservation } from "../../../ocpp/commands.ts";
import type { JsonObject } from "../../../ocpp/json.ts";
import { optionalInteger, optionalObject, optionalText } from "../../../ocpp/payload.ts";
import type { StateChange } from "../../../ocpp/station-state.ts";
import type { ReservationFact, SessionFact } from "../../../ports.ts";
import type { SessionRecord, StoredReservation } from "./session-record.ts";

/** Most reservations that a station holds or is asked for at a time. More are refused before anything is sent. */
export const RESERVATIONS_MAX = 32;
/** Expired reservations that are remembered, because a start within their time may have waited for a connection. */
const EXPIRED_MAX = 8;
/** After this an unanswered ReserveNow counts as carried out. Longer than any command waits for its answer. */
const ANSWER_WINDOW_MS = 150_000;
/** Largest difference of a station's clock from ours that counts as right. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Stores changes of the record, and facts for Postgres in the outbox. */
interface ReservationSink {
  changed(): void;
  addFact(record: SessionRecord, atMs: number, fact: SessionFact): void;
}

interface ReservationCall {
  readonly action: string;
  readonly payload: JsonObject;
}

type End = Exclude<ReservationFact["status"], "active">;

/** What a station says of a reservation that it ended by itself, as the state that follows. */
const ENDS: Record<string, End> = { Expired: "expired" };

/**
 * Of each session the last reservation that ended before its ReserveNow was answered, for that answer: a driver may be faster. It
 * is not stored, because nobody waits for the answer any more once the session has lost its memory.
 */
const endedEarly = new WeakMap<SessionRecord, HeldReservation>();

/** The reservation that the station holds under a number, or that ended while its station was asked. */
export function reservationNumbered(record: SessionRecord, reservationId: number): HeldReservation | null {
  const held = heldReservations(record).findLast((one) => one.reservationId === reservationId);
  const early = endedEarly.get(record);
  return held ?? (early?.reservationId === reservationId ? early : null);
}

/** Reservations that the station holds, or may hold because it has not answered yet. */
export function heldReservations({ reservations }: Pick<SessionRecord, "reservations">): HeldReservation[] {
  return reservations.filter(({ state }) => state !== "expired").map(toldOf);
}

function toldOf(stored: StoredReservation): HeldReservation {
  const { rowId: id, reservationId, evseId, idTag, groupId, expiresAtMs, atMs: createdAtMs } = stored;
  return { id, reservationId, evseId, idTag, groupId, expiresAtMs, createdAtMs };
}

/** The reservation that a ReserveNow asks for; null: it is no ReserveNow. */
function reservationOf({ action, payload }: ReservationCall, nowMs: number): StoredReservation | null {
  if (action !== "ReserveNow") return null;
  const token = optionalObject(payload, "idToken");
  const group = optionalObject(payload, "groupIdToken");
  const expires = optionalText(payload, token ? "expiryDateTime" : "expiryDate") ?? "";
  return {
    rowId: `rsv_${ulidOf(systemIds.uuid())}`,
    reservationId: optionalInteger(payload, token ? "id" : "reservationId") ?? 0,
    evseId: optionalInteger(payload, token ? "evseId" : "connectorId") ?? 0,
    idTag: (token ? optionalText(token, "idToken") : optionalText(payload, "idTag")) ?? "",
    groupId: group ? optionalText(group, "idToken") : optionalText(payload, "parentIdTag"),
    expiresAtMs: Date.parse(expires) || nowMs,
    atMs: nowMs,
    state: "asked",
  };
}

/** Notes a reservation before its ReserveNow leaves. It is reported to Postgres when the station has accepted it. */
export function noteReservation(
  record: SessionRecord,
  sink: ReservationSink,
  call: ReservationCall,
  nowMs: number,
): void {
  const asked = reservationOf(call, nowMs);
  if (!asked) return;
  record.reservations = [...record.reservations, asked];
  sink.changed();
}

/**
 * Takes the answer to a ReserveNow or CancelReservation; null: an error, or it was not sent. A refused reservation leaves nothing.
 * A station refuses to cancel only what it does not hold, so that reservation is gone too.
 */
export function answerReservation(
  record: SessionRecord,
  sink: ReservationSink,
  call: ReservationCall,
  status: unknown,
): void {
  const nowMs = Date.now();
  if (call.action === "ReserveNow") {
    const id = reservationOf(call, nowMs)?.reservationId;
    const asked = record.reservations.findLast((one) => one.reservationId === id && one.state === "asked");
    if (!asked) return;
    if (status === "Accepted") activate(record, sink, asked, nowMs);
    else put(record, sink, asked, null);
  }
  if (call.action !== "CancelReservation" || (status !== "Accepted" && status !== "Rejected")) return;
  const held = heldAs(record, optionalInteger(call.payload, "reservationId"));
  if (held) end(record, sink, held, status === "Accepted" ? "cancelled" : "removed", nowMs);
}

/** The reservation that the station holds or may hold under a number of the protocol. */
function heldAs(record: SessionRecord, reservationId: number | null): StoredReservation | undefined {
  return record.reservations.findLast(
    (one) => one.reservationId === reservationId && one.state !== "expired",
  );
}

/** Ends the reservations whose time is over, and reports those whose ReserveNow was never answered. */
export function expireReservations(record: SessionRecord, sink: ReservationSink, nowMs: number): void {
  for (const one of record.reservations) {
    if (one.state === "expired") continue;
    if (nowMs >= one.expiresAtMs) end(record, sink, one, "expired", nowMs);
    else if (one.state === "asked" && nowMs > one.atMs + ANSWER_WINDOW_MS) activate(record, sink, one, nowMs);
  }
}

/** Ends all reservations of a charger that is gone. */
export function endReservations(record: SessionRecord, sink: ReservationSink, nowMs: number): void {
  for (const one of record.reservations)
    if (one.state !== "expired") end(record, sink, one, "removed", nowMs);
  record.reservations = [];
}

/** When a reservation is to be looked at next, epoch ms; null: none waits. */
export function reservationsDueMs({ reservations }: Pick<SessionRecord, "reservations">): number | null {
  const dues = reservations.flatMap(({ state, atMs, expiresAtMs }) => {
    if (state === "expired") return [];
    return state === "asked" ? Math.min(expiresAtMs, atMs + ANSWER_WINDOW_MS + 1) : expiresAtMs;
  });
  return dues.length === 0 ? null : Math.min(...dues);
}

/**
 * Ends the reservations that a message used up or told the end of. A start uses the reservation whose number it names, else the
 * one of its tag and connector in whose time it began.
 */
export function settleReservations(
  record: SessionRecord,
  sink: ReservationSink,
  changes: readonly StateChange[],
  nowMs: number,
): void {
  if (record.reservations.length === 0) return;
  const begun = changes.find(({ type }) => type === "transactionOpened" || type === "transactionUpdated");
  const transactionId = begun && "transactionId" in begun ? begun.transactionId : null;
  for (const change of changes) {
    if (change.type !== "reservationEnded") continue;
    const named = record.reservations.findLast((one) => one.reservationId === change.reservationId);
    if (!named) continue;
    const told = change.reportedStatus ?? null;
    if (told === null) end(record, sink, named, "used", nowMs, transactionId);
    else if (named.state !== "expired") end(record, sink, named, ENDS[told] ?? "removed", nowMs);
  }
  if (transactionId === null || changes.some(({ type }) => type === "reservationEnded")) return;
  const meant = begun && meantBy(record, begun);
  if (meant) end(record, sink, meant, "used", nowMs, transactionId);
}

function meantBy({ reservations }: SessionRecord, begun: StateChange): StoredReservation | undefined {
  // A transaction that goes on may be of the same tag and older than the reservation.
  if (begun.type !== "transactionOpened" || begun.idTag === null) return undefined;
  const { idTag, evseId, startedAt } = begun;
  const beganMs = Date.parse(startedAt);
  return reservations.findLast(
    (one) =>
      (one.evseId === 0 || one.evseId === evseId) &&
      one.idTag.toLowerCase() === idTag.toLowerCase() &&
      beganMs >= one.atMs - CLOCK_TOLERANCE_MS &&
      beganMs <= one.expiresAtMs,
  );
}

/** A station that is given the number of a reservation it holds replaces that reservation. */
function activate(
  record: SessionRecord,
  sink: ReservationSink,
  asked: StoredReservation,
  nowMs: number,
): void {
  const replaced = record.reservations.filter(
    (one) => one !== asked && one.reservationId === asked.reservationId && one.state === "active",
  );
  for (const one of replaced) end(record, sink, one, "cancelled", nowMs);
  const active: StoredReservation = { ...asked, state: "active" };
  put(record, sink, asked, active);
  tell(record, sink, active, { status: "active", transactionId: null }, nowMs);
}

function end(
  record: SessionRecord,
  sink: ReservationSink,
  ended: StoredReservation,
  status: End,
  nowMs: number,
  transactionId: number | null = null,
): void {
  if (ended.state === "asked") endedEarly.set(record, { ...toldOf(ended), ended: { status, transactionId } });
  put(record, sink, ended, status === "expired" ? { ...ended, state: "expired" } : null);
  tell(record, sink, ended, { status, transactionId }, nowMs);
}

/** Replaces a reservation; null: forgets it. */
function put(
  record: SessionRecord,
  sink: ReservationSink,
  before: StoredReservation,
  after: StoredReservation | null,
): void {
  const others = record.reservations.filter((one) => one !== before);
  const all = after ? [...others, after] : others;
  const expired = all.filter(({ state }) => state === "expired").slice(-EXPIRED_MAX);
  record.reservations = [...expired, ...all.filter(({ state }) => state !== "expired")];
  sink.changed();
}

/** Later states replace earlier ones in any order of arrival: what a start used stays used. */
const REVISIONS: Record<ReservationFact["status"], number> = {
  active: 0,
  expired: 1,
  removed: 2,
  cancelled: 2,
  used: 3,
};

function tell(
  record: SessionRecord,
  sink: ReservationSink,
  { rowId, reservationId, evseId, idTag, groupId, expiresAtMs, atMs }: StoredReservation,
  { status, transactionId }: Pick<ReservationFact, "status" | "transactionId">,
  nowMs: number,
): void {
  const expiresAt = new Date(expiresAtMs).toISOString();
  const createdAt = new Date(atMs).toISOString();
  const about = { id: rowId, reservationId, evseId, idTag, groupId, expiresAt, createdAt };
  const revision = REVISIONS[status];
  sink.addFact(record, nowMs, { type: "reservation", ...about, status, transactionId, revision });
}
