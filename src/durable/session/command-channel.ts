import { CallQueue, type EndedCall } from "../../ocpp/call-queue.ts";
import {
  isCommandAllowed,
  startCommand,
  triggeredAction,
  type ChargerCommand,
  type CommandContext,
  type CommandRun,
  type CommandStep,
} from "../../ocpp/commands.ts";
import { encodeCall, type ErrorFrame, type ResultFrame } from "../../ocpp/frame.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../ocpp/json.ts";
import { ReportAssembly, type ReportPart } from "../../ocpp/report-assembly.ts";
import type { RegistrationStatus } from "../../ocpp/station-state.ts";
import type { Validators } from "../../ocpp/validators.ts";
import type { OcppVersion } from "../../ocpp/version.ts";
import type { CommandOutcome } from "../../ports.ts";

/** As the port says, and a command that breaks the schema of the connection's version: nothing of it was sent. */
export type SessionCommandOutcome = CommandOutcome | { kind: "invalidCommand"; reason: string };

type CommandFailure = Exclude<SessionCommandOutcome, { kind: "answered" }>;

export interface SentCall {
  readonly action: string;
  readonly payload: JsonObject;
}

/** The connection a command goes out on. */
export interface CommandLine {
  version: OcppVersion;
  validators: Validators;
  registration: RegistrationStatus | null;
  context: CommandContext;
  send(text: string, call: SentCall): boolean;
  /** The station answered a CALL of ours with a result. */
  answered(call: SentCall, answer: JsonValue): void;
}

interface Pending {
  command: ChargerCommand;
  deadlineAt: number;
  run: CommandRun | null;
  version: OcppVersion;
  /** What to do when its turn comes again; null before its first turn. */
  step: CommandStep | null;
  /** The last CALL on the wire. */
  sent: SentCall | null;
  report: { requestId: number; assembly: ReportAssembly; rows: JsonObject[] | null } | null;
  settle(outcome: SessionCommandOutcome): void;
}

interface ChannelHooks {
  /** Null: no station is connected. */
  line(): CommandLine | null;
  /** The station accepted a CALL that makes this action of its own legal. */
  onTriggered(action: string): void;
}

/**
 * Commands to one station: in order, one at a time, each until its deadline. A timer runs only while one is pending, because
 * a timer keeps the object awake.
 */
export class CommandChannel {
  readonly #queue = new CallQueue<Pending, Pending>();
  readonly #hooks: ChannelHooks;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #waitingForReport: Pending | null = null;

  constructor(hooks: ChannelHooks) {
    this.#hooks = hooks;
  }

  /** The caller has made sure that the validators of the connection are loaded. */
  run(command: ChargerCommand, timeoutMs: number): Promise<SessionCommandOutcome> {
    const line = this.#hooks.line();
    if (!line) return Promise.resolve({ kind: "offline" });
    if (!isCommandAllowed(line.registration, command)) return Promise.resolve({ kind: "notAccepted" });
    const { promise, resolve } = Promise.withResolvers<SessionCommandOutcome>();
    const deadlineAt = Date.now() + timeoutMs;
    const pending: Pending = {
      command,
      deadlineAt,
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

  /** Takes an answer of the station. Returns the action it answers, null when nothing outstanding matches. */
  receive(frame: ResultFrame | ErrorFrame): string | null {
    const action = this.#queue.outstanding?.id === frame.id ? this.#queue.outstanding.action : null;
    for (const { waiter, outcome } of this.#queue.settle(frame.id, frame)) {
      if (outcome.kind === "answered") this.#advance(waiter, outcome.payload);
      else waiter.settle(outcome);
    }
    this.#pump();
    return action;
  }

  /** Takes a part of a report the station sends in CALLs of its own. */
  report(requestId: number, part: ReportPart): void {
    const waiting = this.#waitingForReport;
    if (waiting?.report?.requestId !== requestId) return;
    waiting.report.rows = waiting.report.assembly.add(part) ?? waiting.report.rows;
    const outstanding = this.#queue.outstanding;
    if (!waiting.report.rows || waiting.step?.kind !== "report" || !outstanding) return;
    this.#queue.release(outstanding.id);
    this.#queue.resume(callOf(waiting));
    this.#pump();
  }

  /** A newer socket took over: what is on the wire is lost, what waits goes out on the new one. */
  takeover(): void {
    this.#end(this.#queue.takeover());
    this.#pump();
  }

  /** The socket is gone. */
  drop(): void {
    this.#end(this.#queue.drop("disconnected"));
    this.#armTimer();
  }

  /** Sends what may go out now. */
  #pump(line: CommandLine | null = this.#queue.length > 0 ? this.#hooks.line() : null): void {
    while (line) {
      const call = this.#queue.next(Date.now());
      if (!call || this.#perform(call.id, call.command, line)) break;
      this.#queue.release(call.id);
    }
    this.#armTimer();
  }

  /** True while the command holds the line, false when it is over. */
  #perform(messageId: string, pending: Pending, line: CommandLine): boolean {
    pending.step ??= this.#start(pending, line);
    if (pending.step?.kind === "report" && pending.report?.rows && pending.run)
      pending.step = pending.run.reported(pending.report.rows);
    const step = pending.step;
    if (!step) {
      pending.settle({ kind: "notAccepted" });
      return false;
    }
    switch (step.kind) {
      case "call":
        this.#noteReport(pending, step.payload);
        if (!line.send(encodeCall(messageId, step.action, step.payload), step)) {
          this.#end([{ waiter: pending, outcome: { kind: "lost", sent: false, reason: "disconnected" } }]);
          return false;
        }
        pending.sent = step;
        this.#queue.markSent(step.action);
        return true;
      case "report":
        this.#queue.markSent("NotifyReport");
        return true;
      default:
        finish(pending, step);
        return false;
    }
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
    this.#hooks.line()?.answered(sent, answer);
    const triggered = triggeredAction(sent.action, sent.payload);
    if (triggered && isJsonObject(answer) && answer.status === "Accepted") this.#hooks.onTriggered(triggered);
    const step = run.answered(answer);
    pending.step = step;
    // The end of a command waits for no turn: its deadline may pass meanwhile, and it was answered.
    if (step.kind === "call" || step.kind === "report") this.#queue.resume(callOf(pending));
    else finish(pending, step);
  }

  /** Collecting starts before the request goes out: a part may come ahead of the answer. */
  #noteReport(pending: Pending, { requestId, reportBase, componentVariable }: JsonObject): void {
    if (typeof requestId !== "number" || (reportBase ?? componentVariable) === undefined) return;
    pending.report = { requestId, assembly: new ReportAssembly(), rows: null };
    this.#waitingForReport = pending;
  }

  #end(ended: EndedCall<Pending>[]): void {
    for (const { waiter, outcome } of ended) {
      if (this.#waitingForReport === waiter) this.#waitingForReport = null;
      if (outcome.kind !== "answered") waiter.settle(truthful(waiter, outcome));
    }
  }

  #armTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const deadlineAt = this.#queue.nextDeadline();
    this.#timer = deadlineAt === null ? null : setTimeout(() => this.#expire(), deadlineAt - Date.now());
  }

  #expire(): void {
    this.#end(this.#queue.expire(Date.now()));
    this.#pump();
  }
}

function callOf(pending: Pending) {
  return { id: crypto.randomUUID(), command: pending, deadlineAt: pending.deadlineAt, waiter: pending };
}

function finish(pending: Pending, step: Exclude<CommandStep, { kind: "call" | "report" }>): void {
  const { version } = pending;
  pending.settle(step.kind === "done" ? { kind: "answered", answer: step.answer, version } : step);
}

/** A command of several CALLs that waits for its next one has reached the station already. */
function truthful(pending: Pending, outcome: CommandFailure): CommandFailure {
  const hasSent = "sent" in outcome && pending.sent !== null;
  return hasSent ? { ...outcome, sent: true } : outcome;
}
