import type { CallFrame, ParsedFrame, SendFrame } from "../../../ocpp/frame.ts";
import type { HandlerContext } from "../../../ocpp/handler.ts";
import { clockOffMs } from "../../../ocpp/inbound/station-clock.ts";
import { limitsReported } from "../../../ocpp/key-limits.ts";
import { handleCall, handleSend, type Handled, type InboundValidation } from "../../../ocpp/routing.ts";
import type { Validators } from "../../../ocpp/validators.ts";
import { BreachLog } from "./breach-log.ts";
import type { CommandChannel } from "../outbound/command-channel.ts";
import type { IdSupply } from "./id-supply.ts";
import type { LoggedFrame } from "../storage/frame-log.ts";
import { sendText, type LiveSocket } from "../line/live-socket.ts";
import { logEvent } from "../storage/log-event.ts";
import { UNKNOWN_LIMITS, type SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import { factsOf, incomingTransfer, newsOf } from "./station-facts.ts";
import { applyChanges, handlerContext } from "./station-view.ts";

export interface InboundFrame {
  from: LiveSocket;
  text: string;
  frame: Exclude<ParsedFrame, { kind: "malformed" }>;
  validators: Validators;
  nowMs: number;
}

/** Never answered from memory: the answer tells the time, or who may charge now. */
const ALWAYS_FRESH: ReadonlySet<string> = new Set(["Heartbeat", "BootNotification", "Authorize"]);

/**
 * Answers the frames of a station. Per frame, in one turn: state that the answer confirms is stored, the answer is sent, and
 * the record with its outbox is stored once. The output gate holds an answer back only while state it confirms is written.
 */
export class StationInbox {
  readonly #store: SessionStore;
  readonly #channel: CommandChannel;
  readonly #ids: IdSupply;
  readonly #validation: InboundValidation;
  readonly #breaches = new BreachLog();

  constructor(store: SessionStore, channel: CommandChannel, ids: IdSupply, validation: InboundValidation) {
    this.#store = store;
    this.#channel = channel;
    this.#ids = ids;
    this.#validation = validation;
  }

  receive(record: SessionRecord, { from, text, frame, validators, nowMs }: InboundFrame): void {
    switch (frame.kind) {
      case "call":
        return this.#answer(record, { from, text, frame, validators, nowMs });
      case "send": {
        const ctx = this.#context(record, from, nowMs);
        const handled = handleSend(frame, ctx, validators, this.#validation);
        this.#store.frames.append([inbound(frame.action, text)], nowMs);
        if (this.#isRecordChanged(record, handled, nowMs)) this.#store.save(record);
        this.#tell(record, frame, handled, nowMs);
        return this.#handOn(record, handled);
      }
      case "result":
      case "error": {
        const { action, lateMs } = this.#channel.answeredCall(frame.id, nowMs);
        // Before what the answer lets go out: the log shows one call at a time, as the wire does.
        this.#store.frames.append([inbound(action, text)], nowMs);
        if (lateMs !== null) logEvent(record, "session.lateAnswer", { action, lateMs });
        return this.#channel.receive(frame);
      }
      default:
        return this.#store.frames.append([inbound(null, text)], nowMs);
    }
  }

  /** What is no message of the protocol; `reply`: the CALLERROR it has, if any. */
  refuse(
    { socket }: LiveSocket,
    { text, reply, nowMs }: { text: string; reply: string | null; nowMs: number },
  ): void {
    if (reply !== null) sendText(socket, reply);
    const replies = reply === null ? [] : [outbound(null, reply)];
    this.#store.frames.append([inbound(null, text), ...replies], nowMs);
  }

  #answer(record: SessionRecord, call: InboundFrame & { frame: CallFrame }): void {
    const { from, text, frame, validators, nowMs } = call;
    const isFresh = ALWAYS_FRESH.has(frame.action);
    const known = isFresh ? null : this.#store.replies.find(frame);
    const log = (reply: string) =>
      this.#store.frames.append([inbound(frame.action, text), outbound(frame.action, reply)], nowMs);
    if (known !== null) {
      sendText(from.socket, known);
      return log(known);
    }
    const ctx = this.#context(record, from, nowMs);
    const handled = handleCall(frame, ctx, validators, this.#validation);
    const hasClockNews = isClockNews(record, frame, nowMs);
    const isChanged = this.#isRecordChanged(record, handled, nowMs) || hasClockNews;
    this.#tell(record, frame, handled, nowMs);
    const isTold = this.#store.hasUnsaved;
    if (handled.changes.some(({ type }) => type === "booted")) this.#forgetBeforeBoot(record);
    if (!isFresh && !handled.refused) this.#store.replies.store(frame, handled.reply);
    if (isChanged) this.#keep(record, from, handled);
    else if (isTold) this.#store.save(record);
    sendText(from.socket, handled.reply);
    log(handled.reply);
    if (isMoney(handled) && !from.attachment.direct) this.#store.frames.write();
    this.#handOn(record, handled);
  }

  /** The first boot and the statuses of a station of our own may wait; everything else is stored before the answer. */
  #keep(record: SessionRecord, { attachment }: LiveSocket, { changes }: Handled): void {
    const isRepeatable = this.#store.isUnstored || changes.every(({ type }) => type === "connectorStatus");
    if (attachment.direct && isRepeatable) this.#store.saveLater();
    else this.#store.save(record);
  }

  #context(record: SessionRecord, { attachment }: LiveSocket, nowMs: number): HandlerContext {
    return handlerContext(record, {
      version: attachment.version,
      nowMs,
      transactions: this.#store.transactions,
      nextTransactionId: () => this.#ids.next(record),
    });
  }

  /** Stores what was decided. True when the record is to be saved as well. */
  #isRecordChanged(record: SessionRecord, { changes }: Handled, nowMs: number): boolean {
    const isFirstCall = !record.hasCalled;
    record.hasCalled = true;
    const opened = changes.filter((change) => this.#store.transactions.apply(change) !== null);
    // An opened transaction has used up an id of the record.
    const hasUsedId = opened.some(({ type }) => type === "transactionOpened");
    return applyChanges(record, changes, nowMs) || isFirstCall || hasUsedId;
  }

  #tell(record: SessionRecord, frame: CallFrame | SendFrame, handled: Handled, nowMs: number): void {
    this.#tellTransactions(record, handled, nowMs);
    for (const event of handled.events) {
      for (const fact of factsOf(event)) this.#store.tell(record, nowMs, fact);
      if (event.type === "dataTransferReceived")
        this.#store.tellTransfer(record, incomingTransfer(event, nowMs));
    }
    this.#breaches.note(record, frame.action, handled);
    if (handled.failure) {
      const reason = handled.failure instanceof Error ? (handled.failure.stack ?? "") : "unknown";
      logEvent(record, "session.handlerFailed", { action: frame.action, reason });
    }
  }

  /** Message ids may start again, and the firmware may be another one. */
  #forgetBeforeBoot(record: SessionRecord): void {
    this.#store.replies.clear();
    record.keyLimits = UNKNOWN_LIMITS;
  }

  /** What a command of ours waits for. The message is answered by now: the command may send its next CALL at once. */
  #handOn(record: SessionRecord, { changes }: Handled): void {
    for (const change of changes) {
      if (change.type !== "reportPart" || change.report !== "variables") continue;
      this.#store.reported.note(change.rows);
      this.#store.learn(record, limitsReported(change.rows));
      this.#channel.report(change.requestId, change);
    }
  }

  /** Each transaction that the message was about, once, as it is known now. */
  #tellTransactions(record: SessionRecord, { changes, events }: Handled, nowMs: number): void {
    const touched = new Set<number>();
    for (const change of changes) if ("transactionId" in change) touched.add(change.transactionId);
    for (const event of events) {
      const told = newsOf(event);
      if (!told) continue;
      this.#store.transactions.note(told.transactionId, told.news);
      touched.add(told.transactionId);
    }
    for (const transactionId of touched) this.#store.tellTransaction(record, transactionId, nowMs);
  }
}

/** The raw message is kept with what was made of it, whatever happens next. */
function isMoney({ events }: Handled): boolean {
  return events.some(({ type }) => type === "transactionStarted" || type === "transactionStopped");
}

/** True when the clock turns out wrong, or right again: by how much it is off is not worth a write. */
function isClockNews(record: SessionRecord, frame: CallFrame, nowMs: number): boolean {
  const wasRight = record.clockOffMs === 0;
  record.clockOffMs = clockOffMs(frame, nowMs, record.clockOffMs);
  return wasRight !== (record.clockOffMs === 0);
}

function inbound(action: string | null, message: string): LoggedFrame {
  return { direction: "cp_to_csms", action, message };
}

export function outbound(action: string | null, message: string): LoggedFrame {
  return { direction: "csms_to_cp", action, message };
}
