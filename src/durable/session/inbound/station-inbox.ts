import type { CallFrame, ParsedFrame, SendFrame } from "../../../ocpp/frame.ts";
import type { HandlerContext } from "../../../ocpp/handler.ts";
import { clockOffMs } from "../../../ocpp/inbound/station-clock.ts";
import { limitsReported } from "../../../ocpp/key-limits.ts";
import { handleCall, handleSend, type Handled, type InboundValidation } from "../../../ocpp/routing.ts";
import type { Validators } from "../../../ocpp/validators.ts";
import { BreachLog } from "./breach-log.ts";
import type { CommandChannel } from "../outbound/command-channel.ts";
import type { IdSupply } from "../id-supply.ts";
import type { KnownTags } from "./known-tags.ts";
import { receivedFrame, sentFrame } from "../storage/frame-log.ts";
import { sendText, type LiveSocket } from "../line/live-socket.ts";
import { isRebuildable, type KeptHeartbeat } from "../storage/kept-heartbeat.ts";
import { logEvent } from "../storage/log-event.ts";
import type { Change } from "../storage/record-holder.ts";
import { settleStarts } from "../storage/remote-starts.ts";
import { settleReservations } from "../storage/reservations.ts";
import { UNKNOWN_LIMITS, type SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import type { TransactionUpdate } from "../storage/transaction-table.ts";
import { factsOf, incomingTransfer, transactionUpdateOf } from "./station-facts.ts";
import { applyChanges, handlerContext } from "./station-view.ts";
import type { VendorSubscriptions } from "./vendor-subscriptions.ts";

export interface InboundFrame {
  from: LiveSocket;
  text: string;
  frame: Exclude<ParsedFrame, { kind: "malformed" }>;
  validators: Validators;
  nowMs: number;
}

/** Actions that are never answered from the reply cache: the answer contains the time, or who may charge now. */
const ALWAYS_FRESH: ReadonlySet<string> = new Set(["Heartbeat", "BootNotification", "Authorize"]);

/**
 * Answers the frames of a station. In one turn: changes, facts and answer are stored in one commit, the answer is sent, and both
 * frames are logged. The output gate holds the answer until the commit is on disk.
 */
export class StationInbox {
  readonly #store: SessionStore;
  readonly #channel: CommandChannel;
  readonly #ids: IdSupply;
  readonly #tags: KnownTags;
  readonly #vendors: VendorSubscriptions;
  readonly #validation: InboundValidation;
  readonly #breaches = new BreachLog();

  constructor(
    store: SessionStore,
    channel: CommandChannel,
    { ids, tags, vendors }: { ids: IdSupply; tags: KnownTags; vendors: VendorSubscriptions },
    validation: InboundValidation,
  ) {
    this.#store = store;
    this.#channel = channel;
    this.#ids = ids;
    this.#tags = tags;
    this.#vendors = vendors;
    this.#validation = validation;
  }

  receive(record: SessionRecord, { from, text, frame, validators, nowMs }: InboundFrame): void {
    switch (frame.kind) {
      case "call":
        return this.#answer(record, { from, text, frame, validators, nowMs });
      case "send": {
        const ctx = this.#context(record, from, nowMs);
        const handled = handleSend(frame, ctx, validators, this.#validation);
        this.#store.frames.append([receivedFrame(frame.action, text)], nowMs);
        this.#apply(record, frame, handled, nowMs);
        this.#tell(record, frame, handled, nowMs);
        return this.#handOn(record, handled);
      }
      case "result":
      case "error": {
        const { action, lateMs } = this.#channel.answeredCall(frame.id, nowMs);
        // Logged before the CALL that this answer allows to be sent, so that the log has the order of the wire.
        this.#store.frames.append([receivedFrame(action, text)], nowMs);
        if (lateMs !== null) logEvent(record, "session.lateAnswer", { action, lateMs });
        return this.#channel.receive(frame);
      }
      default:
        return this.#store.frames.append([receivedFrame(null, text)], nowMs);
    }
  }

  /** Handles a message that is not a frame; `reply`: the CALLERROR for it, null: none. */
  refuse(
    { socket }: LiveSocket,
    { text, reply, nowMs }: { text: string; reply: string | null; nowMs: number },
  ): void {
    if (reply !== null) sendText(this.#store, socket, reply);
    const replies = reply === null ? [] : [sentFrame(null, reply)];
    this.#store.frames.append([receivedFrame(null, text), ...replies], nowMs);
  }

  #answer(record: SessionRecord, call: InboundFrame & { frame: CallFrame }): void {
    const { from, text, frame, validators, nowMs } = call;
    const isFresh = ALWAYS_FRESH.has(frame.action);
    const known = isFresh ? null : this.#store.replies.find(frame);
    const log = (reply: string) =>
      this.#store.frames.append([receivedFrame(frame.action, text), sentFrame(frame.action, reply)], nowMs);
    if (known !== null) {
      sendText(this.#store, from.socket, known);
      return log(known);
    }
    const ctx = this.#context(record, from, nowMs);
    const handled = handleCall(frame, ctx, validators, this.#validation);
    const isChanged = this.#apply(record, frame, handled, nowMs);
    this.#tell(record, frame, handled, nowMs);
    if (handled.changes.some(({ type }) => type === "booted")) this.#forgetBeforeBoot(record);
    if (!isFresh && !handled.refused) this.#store.replies.store(frame, handled.reply);
    sendText(this.#store, from.socket, handled.reply);
    const heartbeat: KeptHeartbeat = [nowMs, text];
    const isHeartbeat = frame.action === "Heartbeat" && !isChanged;
    if (isHeartbeat && isRebuildable(frame.id, heartbeat, handled.reply))
      return this.#store.keepHeartbeat(record, heartbeat);
    log(handled.reply);
    this.#handOn(record, handled);
  }

  #context(record: SessionRecord, { attachment }: LiveSocket, nowMs: number): HandlerContext {
    return handlerContext(record, {
      version: attachment.version,
      nowMs,
      transactions: this.#store.transactions,
      nextTransactionId: () => this.#ids.next(record),
      tags: this.#tags,
      vendors: this.#vendors,
    });
  }

  /** Applies the changes of a handler. True: the record changed. */
  #apply(record: SessionRecord, frame: CallFrame | SendFrame, handled: Handled, nowMs: number): boolean {
    const isFirstCall = !record.hasCalled;
    record.hasCalled = true;
    const opened = handled.changes.filter((change) => this.#store.transactions.apply(change) !== null);
    settleStarts(record, this.#store, handled.changes, nowMs);
    settleReservations(record, this.#store, handled.changes, nowMs);
    // An opened transaction has taken an id of the record.
    const hasUsedId = opened.some(({ type }) => type === "transactionOpened");
    const hasClockChange = frame.kind === "call" && isClockChange(record, frame, nowMs);
    const isChanged =
      applyChanges(record, handled.changes, nowMs) || isFirstCall || hasUsedId || hasClockChange;
    if (isChanged) this.#store.changed(kindOf(handled));
    return isChanged;
  }

  #tell(record: SessionRecord, frame: CallFrame | SendFrame, handled: Handled, nowMs: number): void {
    this.#addTransactionFacts(record, handled, nowMs);
    for (const event of handled.events) {
      for (const fact of factsOf(event)) this.#store.addFact(record, nowMs, fact);
      if (event.type === "dataTransferReceived")
        this.#store.addTransfer(record, incomingTransfer(event, nowMs));
    }
    for (const change of handled.changes)
      if (change.type === "reportPart")
        this.#store.reports.take({ ...change, payload: frame.payload }, nowMs);
    this.#breaches.note(record, frame.action, handled);
    if (handled.failure) {
      const reason = handled.failure instanceof Error ? (handled.failure.stack ?? "") : "unknown";
      logEvent(record, "session.handlerFailed", { action: frame.action, reason });
    }
  }

  /** Call after a boot: message ids may start again, and the firmware may have changed. */
  #forgetBeforeBoot(record: SessionRecord): void {
    this.#store.replies.clear();
    record.keyLimits = UNKNOWN_LIMITS;
  }

  /**
   * Hands parts of reports to the command that waits for them. The message is already answered: the command may send its next
   * CALL now.
   */
  #handOn(record: SessionRecord, { changes }: Handled): void {
    for (const change of changes) {
      if (change.type !== "reportPart" || change.report !== "variables") continue;
      this.#store.reported.note(change.rows);
      this.#store.learn(record, limitsReported(change.rows));
      this.#channel.report(change.requestId, change);
    }
  }

  /** Adds one fact for each transaction of the message, with its state now. */
  #addTransactionFacts(record: SessionRecord, { changes, events }: Handled, nowMs: number): void {
    const touched = new Map<number, TransactionUpdate>();
    for (const change of changes) if ("transactionId" in change) touched.set(change.transactionId, {});
    for (const event of events) {
      const told = transactionUpdateOf(event);
      if (told) touched.set(told.transactionId, { ...touched.get(told.transactionId), ...told.update });
    }
    for (const [transactionId, update] of touched)
      this.#store.addTransactionFact(record, transactionId, nowMs, update);
  }
}

/**
 * How soon the changes must be stored. A simulated station repeats its connector statuses on every line, and boots again if its
 * session was lost before it was stored.
 */
function kindOf({ changes }: Handled): Change {
  if (changes.every(({ type }) => type === "connectorStatus")) return "repeatable";
  return changes.every(({ type }) => type === "connectorStatus" || type === "booted") ? "boot" : "confirmed";
}

/** Whether the station's clock became wrong or right. The exact difference is not worth a write. */
function isClockChange(record: SessionRecord, frame: CallFrame, nowMs: number): boolean {
  const wasRight = record.clockOffMs === 0;
  record.clockOffMs = clockOffMs(frame, nowMs, record.clockOffMs);
  return wasRight !== (record.clockOffMs === 0);
}
