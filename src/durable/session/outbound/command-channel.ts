import { CallQueue, type EndedCall } from "../../../ocpp/call-queue.ts";
import {
  isCommandAllowed,
  startCommand,
  triggeredAction,
  type ChargerCommand,
  type CommandAnswer,
  type CommandContext,
  type CommandRun,
  type CommandStep,
} from "../../../ocpp/commands.ts";
import { encodeCall, encodeResultError, type ErrorFrame, type ResultFrame } from "../../../ocpp/frame.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../ocpp/json.ts";
import { ReportAssembly, type ReportPart } from "../../../ocpp/report-assembly.ts";
import type { RegistrationStatus } from "../../../ocpp/station-state.ts";
import type { Validators } from "../../../ocpp/validators.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";
import type { CommandOutcome, CommandTimeout } from "../../../ports.ts";
import type { TimerWheel } from "../../timer-wheel.ts";

type CommandFailure = Exclude<CommandOutcome, { kind: "answered" }>;

export interface SentCall {
  readonly action: string;
  readonly payload: JsonObject;
  /** Reserved for the transaction that the CALL starts; null: it starts none. */
  readonly transactionId: number | null;
  /** A client wrote it. */
  readonly isRaw: boolean;
}

/** Connection on which commands are sent. */
export interface CommandLine {
  version: OcppVersion;
  validators: Validators;
  registration: RegistrationStatus | null;
  context: CommandContext;
  send(text: string, call: SentCall): boolean;
  /** The station answered a CALL with a result. */
  answered(call: SentCall, answer: JsonValue): void;
  /** The station answered a CALL of ours with an error. */
  refused(call: SentCall): void;
}

interface WireCall extends SentCall {
  readonly id: string;
  readonly atMs: number;
  readonly line: CommandLine;
}

/** The CALL that a frame answers; nulls: none. `lateMs`: time after the CALL, if its deadline had passed. */
export interface AnsweredCall {
  action: string | null;
  lateMs: number | null;
}

/** How long a missing part of a report is awaited after the last part. Parts are sent in order. */
const GAP_GRACE_MS = 1000;

/**
 * Least time that a station is given for an answer. A command that has waited until less is left is not sent: the next CALL would
 * reach a station that is still busy with it. Of a short timeout half is kept.
 */
const ANSWER_MS = 1000;
/** Most expired CALLs remembered. Later answers to older ones are ignored. */
const EXPIRED_MAX = 8;

interface Pending {
  command: ChargerCommand;
  /** Reserved for the transaction that the command starts; null: it starts none. */
  transactionId: number | null;
  /** Timeout in ms that was chosen by the station's version; null: by the caller. */
  chosenMs: number | null;
  deadlineAt: number;
  /** Time of it that is kept for the answer to a CALL, ms. */
  answerMs: number;
  run: CommandRun | null;
  version: OcppVersion;
  /** Step to perform at its next turn; null before the first. */
  step: CommandStep | null;
  /** The last CALL that was sent. */
  sent: WireCall | null;
  report: PendingReport | null;
  settle(outcome: CommandOutcome): void;
}

interface PendingReport {
  requestId: number;
  assembly: ReportAssembly;
  rows: JsonObject[] | null;
  /** Epoch ms at which a gap before the last part is reported; null: no last part yet, or no gap. */
  gapAtMs: number | null;
}

interface ChannelHooks {
  /** The connection; null: no station is connected. */
  line(): CommandLine | null;
  /** A CALL was sent that allows the station to send this action, or was refused. */
  onTriggered(action: string, isLegal: boolean): void;
}

/**
 * Commands to one station: in order, one at a time, each with a deadline. A timer is set only while a command is pending, because
 * it keeps the object in memory.
 */
export class CommandChannel {
  readonly #queue = new CallQueue<Pending, Pending>();
  readonly #hooks: ChannelHooks;
  readonly #timers: Pick<TimerWheel, "set" | "clear">;
  readonly #onDeadline = () => this.#expire();
  #waitingForReport: Pending | null = null;
  #expired: WireCall[] = [];

  constructor(hooks: ChannelHooks, timers: Pick<TimerWheel, "set" | "clear">) {
    this.#hooks = hooks;
    this.#timers = timers;
  }

  /** Commands that wait for their turn. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Runs a command. The validators of the connection must be loaded. */
  run(
    command: ChargerCommand,
    timeout: CommandTimeout,
    transactionId: number | null = null,
  ): Promise<CommandOutcome> {
    const line = this.#hooks.line();
    if (!line) return Promise.resolve({ kind: "offline" });
    if (!isCommandAllowed(line.registration, command)) return Promise.resolve({ kind: "notAccepted" });
    const { promise, resolve } = Promise.withResolvers<CommandOutcome>();
    const timeoutMs = typeof timeout === "number" ? timeout : timeout[line.version];
    const deadlineAt = Date.now() + timeoutMs;
    const pending: Pending = {
      command,
      transactionId,
      chosenMs: timeout === timeoutMs ? null : timeoutMs,
      deadlineAt,
      answerMs: Math.min(ANSWER_MS, timeoutMs / 2),
      run: null,
      version: line.version,
      step: null,
      sent: null,
      report: null,
      settle: resolve,
    };
    this.#end(this.#queue.enqueue(callOf(pending)));
    this.#pump(line);
    return promise;
  }

  answeredCall(messageId: string, nowMs: number): AnsweredCall {
    const { outstanding } = this.#queue;
    if (outstanding?.id === messageId) return { action: outstanding.action, lateMs: null };
    const expired = this.#expired.find(({ id }) => id === messageId);
    return { action: expired?.action ?? null, lateMs: expired ? nowMs - expired.atMs : null };
  }

  /** Handles an answer of the station; one that belongs to no outstanding CALL is ignored. */
  receive(frame: ResultFrame | ErrorFrame): void {
    for (const { waiter, outcome } of this.#queue.settle(frame.id, frame)) {
      if (outcome.kind === "answered") this.#advance(waiter, outcome.payload);
      else this.#refused(waiter, outcome);
    }
    this.#pump();
  }

  /** Handles a part of a report, which the station sends in CALLs of its own. */
  report(requestId: number, part: ReportPart): void {
    const waiting = this.#waitingForReport;
    if (waiting?.report?.requestId !== requestId) return;
    const { report } = waiting;
    report.rows = report.assembly.add(part) ?? report.rows;
    const hasGap = report.rows === null && report.assembly.missing !== null;
    report.gapAtMs = hasGap ? (report.gapAtMs ?? Date.now() + GAP_GRACE_MS) : null;
    if (hasGap) this.#armTimer();
    const outstanding = this.#queue.outstanding;
    if (!report.rows || waiting.step?.kind !== "report" || !outstanding) return;
    this.#queue.release(outstanding.id);
    this.#queue.resume(callOf(waiting));
    this.#pump();
  }

  /** A newer socket replaced the line: the outstanding CALL is lost, waiting commands are sent on the new line. */
  takeover(): void {
    this.#end(this.#queue.takeover());
    this.#pump();
  }

  /** The line ended. */
  drop(): void {
    this.#end(this.#queue.drop("disconnected"));
    this.#armTimer();
  }

  /** Sends the next CALL if none is outstanding. */
  #pump(line: CommandLine | null = this.#queue.length > 0 ? this.#hooks.line() : null): void {
    while (line) {
      const call = this.#queue.next(Date.now());
      if (!call || this.#perform(call.id, call.command, line)) break;
      this.#queue.release(call.id);
    }
    this.#armTimer();
  }

  /** Performs one step. True: the command continues; false: it ended. */
  #perform(messageId: string, pending: Pending, line: CommandLine): boolean {
    pending.step ??= this.#start(pending, line);
    if (pending.step?.kind === "report" && pending.report?.rows && pending.run)
      pending.step = pending.run.reported(pending.report.rows);
    const step = pending.step;
    if (!step) {
      this.#settle(pending, { kind: "notAccepted" });
      return false;
    }
    switch (step.kind) {
      case "call":
        return this.#send(messageId, pending, step, line);
      case "report":
        this.#queue.markSent("NotifyReport");
        return true;
      default:
        this.#finish(pending, step);
        return false;
    }
  }

  #send(
    id: string,
    pending: Pending,
    { action, payload }: CommandStep & { kind: "call" },
    line: CommandLine,
  ): boolean {
    this.#noteReport(pending, payload);
    // Recorded before the answer, because the triggered message may arrive first.
    const triggered = triggeredAction(action, payload);
    if (triggered) this.#hooks.onTriggered(triggered, true);
    const { transactionId } = pending;
    const call = { action, payload, transactionId, isRaw: pending.command.kind === "raw" };
    if (!line.send(encodeCall(id, action, payload), call)) {
      this.#end([{ waiter: pending, outcome: { kind: "lost", sent: false, reason: "disconnected" } }]);
      return false;
    }
    pending.sent = { id, ...call, line, atMs: Date.now() };
    this.#queue.markSent(action);
    return true;
  }

  #start(pending: Pending, line: CommandLine): CommandStep | null {
    if (!isCommandAllowed(line.registration, pending.command)) return null;
    pending.version = line.version;
    pending.run = startCommand(line.version, pending.command, line.context, line.validators);
    return pending.run.start();
  }

  #advance(pending: Pending, answer: JsonValue): void {
    const { run, sent } = pending;
    if (!run || !sent) return;
    if (!isJsonObject(answer) || answer.status !== "Accepted") this.#withdrawTrigger(sent);
    sent.line.answered(sent, answer);
    const step = run.answered(answer);
    pending.step = step;
    // A command that was answered ends at once, because its deadline might pass while it waits for a turn.
    if (step.kind === "call" || step.kind === "report") return this.#queue.resume(callOf(pending));
    if (step.kind === "invalidAnswer") this.#tellUnusable(sent, step.reason);
    this.#finish(pending, step);
  }

  #refused(pending: Pending, outcome: CommandFailure): void {
    if (pending.sent) {
      this.#withdrawTrigger(pending.sent);
      if (outcome.kind === "stationError") pending.sent.line.refused(pending.sent);
    }
    this.#end([{ waiter: pending, outcome }]);
  }

  #withdrawTrigger({ action, payload }: SentCall): void {
    const triggered = triggeredAction(action, payload);
    if (triggered) this.#hooks.onTriggered(triggered, false);
  }

  /** Reports an unusable answer; only 2.1 has a message for it (2.1 part 4 §4.2.3). */
  #tellUnusable({ line, id, action }: WireCall, reason: string): void {
    if (line.version === "ocpp2.1")
      line.send(encodeResultError(id, "FormatViolation", reason), {
        action,
        payload: {},
        transactionId: null,
        isRaw: false,
      });
  }

  #finish(pending: Pending, step: Exclude<CommandStep, { kind: "call" | "report" }>): void {
    this.#settle(pending, step.kind === "done" ? answered(pending, step.answer) : step);
  }

  #settle(pending: Pending, outcome: CommandOutcome): void {
    if (this.#waitingForReport === pending) this.#waitingForReport = null;
    pending.settle(outcome);
  }

  /** Starts collecting before the request is sent, because a part may arrive before the answer. */
  #noteReport(pending: Pending, { requestId, reportBase, componentVariable }: JsonObject): void {
    if (typeof requestId !== "number" || (reportBase ?? componentVariable) === undefined) return;
    pending.report = { requestId, assembly: new ReportAssembly(), rows: null, gapAtMs: null };
    this.#waitingForReport = pending;
  }

  #end(ended: EndedCall<Pending>[]): void {
    for (const { waiter, outcome } of ended)
      if (outcome.kind !== "answered") this.#settle(waiter, truthful(waiter, outcome));
  }

  #armTimer(): void {
    const deadlineAt = this.#queue.nextDeadline();
    const dueMs = Math.min(deadlineAt ?? Number.POSITIVE_INFINITY, this.#gapAtMs ?? Number.POSITIVE_INFINITY);
    if (dueMs === Number.POSITIVE_INFINITY) this.#timers.clear("command");
    else this.#timers.set("command", dueMs, this.#onDeadline);
  }

  /** Epoch ms at which the command that collects a report is told of the gap; null: none. */
  get #gapAtMs(): number | null {
    const waiting = this.#waitingForReport;
    return waiting?.step?.kind === "report" ? (waiting.report?.gapAtMs ?? null) : null;
  }

  #tellGap(): void {
    const waiting = this.#waitingForReport;
    const gapAtMs = this.#gapAtMs;
    const { outstanding } = this.#queue;
    if (!waiting || !outstanding || gapAtMs === null || gapAtMs > Date.now()) return;
    this.#queue.release(outstanding.id);
    this.#settle(waiting, { kind: "incompleteReport", missing: waiting.report?.assembly.missing ?? [] });
  }

  #expire(): void {
    this.#tellGap();
    const ended = this.#queue.expire(Date.now());
    const sent = ended.flatMap(({ waiter }) => waiter.sent ?? []);
    this.#expired = [...this.#expired, ...sent].slice(-EXPIRED_MAX);
    this.#end(ended);
    this.#pump();
  }
}

function callOf(pending: Pending) {
  const { deadlineAt, answerMs } = pending;
  const sendBy = deadlineAt - answerMs;
  return { id: crypto.randomUUID(), command: pending, deadlineAt, sendBy, waiter: pending };
}

function answered({ command, version, sent }: Pending, answer: CommandAnswer): CommandOutcome {
  const isRaw = command.kind === "raw" && sent !== null;
  return { kind: "answered", answer, version, ...(isRaw ? { messageId: sent.id } : {}) };
}

/** Marks a failure as sent if the command has sent a CALL before the one that failed. */
function truthful({ sent, chosenMs }: Pending, outcome: CommandFailure): CommandFailure {
  const hasSent = "sent" in outcome && sent !== null;
  const told = hasSent ? { ...outcome, sent: true } : outcome;
  return told.kind === "timeout" && chosenMs !== null ? { ...told, timeoutMs: chosenMs } : told;
}
