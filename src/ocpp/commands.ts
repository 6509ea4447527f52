import type {
  ChargerCommand,
  CommandAnswer,
  CommandContext,
  CommandKind,
  CommandOf,
  CommandRequest,
  CommandScript,
  CommandTable,
} from "./charger-command.ts";
import { UnusableAnswer } from "./command-script.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { isSendable } from "./sendable-actions.ts";
import type { RegistrationStatus } from "./station-state.ts";
import { commandsV16 } from "./v16/commands.ts";
import { commandsV2x } from "./v2x/commands.ts";
import type { Finding, Validators } from "./validators.ts";
import type { OcppVersion } from "./version.ts";

export type * from "./charger-command.ts";

const TABLES: Record<OcppVersion, CommandTable> = {
  "ocpp1.6": commandsV16,
  "ocpp2.0.1": commandsV2x,
  "ocpp2.1": commandsV2x,
};

/** What the sender of a command has to do next. */
export type CommandStep =
  /**
   * Send this CALL and pass its CALLRESULT to `answered`. A CALLERROR, a timeout or a closed socket ends the command.
   */
  | { readonly kind: "call"; readonly action: string; readonly payload: JsonObject }
  /** Collect the NotifyReport messages of this request and pass their rows to `reported`. */
  | { readonly kind: "report"; readonly requestId: number }
  | { readonly kind: "done"; readonly answer: CommandAnswer }
  /** The command violates the schema of the connection's version; this step sent nothing. */
  | { readonly kind: "invalidCommand"; readonly reason: string; readonly pointer: string }
  /** A raw command that does not fit the connection. */
  | UnsendableStep
  | { readonly kind: "invalidAnswer"; readonly reason: string };

/** Why a raw command does not fit the version of the connection, `version`; nothing was sent. */
type UnsendableStep =
  /** A central system may send no such action. */
  | { readonly kind: "unknownAction"; readonly version: OcppVersion }
  /** It was written for another version. */
  | { readonly kind: "otherVersion"; readonly version: OcppVersion }
  /** Its payload breaks the schema of the action. */
  | {
      readonly kind: "invalidPayload";
      readonly version: OcppVersion;
      readonly action: string;
      readonly finding: Finding;
    };

/**
 * One command in progress on one connection. It needs no CALL, one or several: each method returns the next step, and
 * the command has ended with the first step that is neither `call` nor `report`.
 */
export interface CommandRun {
  start(): CommandStep;
  answered(payload: JsonValue): CommandStep;
  reported(rows: readonly JsonObject[]): CommandStep;
}

/**
 * Makes a command for an OCPP version. Nothing happens before `start`; the only side effect is `ctx.nextRequestId`.
 */
export function startCommand(
  version: OcppVersion,
  command: ChargerCommand,
  ctx: CommandContext,
  validators: Validators,
): CommandRun {
  const script = scriptOf(TABLES[version], command, ctx);
  let action = "";

  const advance = (result: IteratorResult<CommandRequest, CommandAnswer>): CommandStep => {
    if (result.done) return { kind: "done", answer: result.value };
    if (result.value.kind === "report") return result.value;
    action = result.value.action;
    if (command.kind === "raw") return result.value;
    const finding = validators.request(action, result.value.payload);
    if (!finding) return result.value;
    return { kind: "invalidCommand", reason: describe(action, finding), pointer: finding.pointer };
  };

  return {
    start: () => unsendable(version, command, validators) ?? advance(script.next(null)),
    answered(payload) {
      const finding = validators.response(action, payload);
      if (finding) return { kind: "invalidAnswer", reason: describe(action, finding) };
      try {
        return advance(script.next(payload));
      } catch (error) {
        if (!(error instanceof UnusableAnswer)) throw error;
        return { kind: "invalidAnswer", reason: `${action} ${error.message}` };
      }
    },
    reported: (rows) => advance(script.next([...rows])),
  };
}

/** Null: the command fits, or is none of a client's own words. */
export function unsendable(
  version: OcppVersion,
  command: ChargerCommand,
  validators: Validators,
): UnsendableStep | null {
  if (command.kind !== "raw") return null;
  const { action, payload, onlyVersion } = command;
  if (onlyVersion !== null && onlyVersion !== version) return { kind: "otherVersion", version };
  if (!isSendable(version, action)) return { kind: "unknownAction", version };
  const finding = validators.request(action, payload);
  return finding && { kind: "invalidPayload", version, action, finding };
}

/** Whether a command may be sent in this registration state (1.6 §4.2, 2.x B02.FR.05, B03.FR.03). */
export function isCommandAllowed(registration: RegistrationStatus | null, command: ChargerCommand): boolean {
  switch (registration) {
    case "Accepted":
      return true;
    case "Pending":
      return !startsTransaction(command) && !stopsTransaction(command) && !reserves(command);
    case "Rejected":
      return false;
    default:
      return asksForBoot(command);
  }
}

/** Whether a command is a remote start, in whatever form it comes. */
export function startsTransaction(command: ChargerCommand): boolean {
  return command.kind === "remoteStart" || isCallOf(command, START_ACTIONS);
}

/** Whether a command is a ReserveNow, in whatever form it comes. */
export function reserves(command: ChargerCommand): boolean {
  return command.kind === "reserve" || isCallOf(command, RESERVE_ACTIONS);
}

/** Whether a command ends a reservation, in whatever form it comes. */
export function cancelsReservation(command: ChargerCommand): boolean {
  return command.kind === "cancelReservation" || isCallOf(command, CANCEL_ACTIONS);
}

function stopsTransaction(command: ChargerCommand): boolean {
  return command.kind === "remoteStop" || isCallOf(command, STOP_ACTIONS);
}

function isCallOf(command: ChargerCommand, actions: ReadonlySet<string>): boolean {
  return (command.kind === "call" || command.kind === "raw") && actions.has(command.action);
}

const START_ACTIONS: ReadonlySet<string> = new Set(["RemoteStartTransaction", "RequestStartTransaction"]);
const RESERVE_ACTIONS: ReadonlySet<string> = new Set(["ReserveNow"]);
const CANCEL_ACTIONS: ReadonlySet<string> = new Set(["CancelReservation"]);
const STOP_ACTIONS: ReadonlySet<string> = new Set(["RemoteStopTransaction", "RequestStopTransaction"]);

/** Whether a command asks the station for a BootNotification. */
export function asksForBoot(command: ChargerCommand): boolean {
  if (command.kind === "raw") return triggeredAction(command.action, command.payload) === "BootNotification";
  return command.kind === "trigger" && command.requestedMessage === "BootNotification";
}

/**
 * Inbound action that a station may send before it is accepted, because we triggered it with this CALL; null: none.
 */
export function triggeredAction(action: string, payload: JsonObject): string | null {
  if (action === "GetBaseReport" || action === "GetReport") return "NotifyReport";
  const isTrigger = action === "TriggerMessage" || action === "ExtendedTriggerMessage";
  return isTrigger && typeof payload.requestedMessage === "string" ? payload.requestedMessage : null;
}

function scriptOf<Kind extends CommandKind>(
  table: CommandTable,
  command: CommandOf<Kind>,
  ctx: CommandContext,
): CommandScript {
  return table[command.kind](command, ctx);
}

function describe(action: string, { pointer, keyword }: Finding): string {
  return `${action} ${pointer} ${keyword}`.replace("  ", " ");
}
