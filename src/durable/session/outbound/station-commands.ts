import {
  asksForBoot,
  cancelsReservation,
  isCommandAllowed,
  reserves,
  startsTransaction,
  unsendable,
  type ChargerCommand,
} from "../../../ocpp/commands.ts";
import { QUEUE_LENGTH_MAX } from "../../../ocpp/call-queue.ts";
import type {
  CommandOutcome,
  CommandTimeout,
  PostedCommand,
  PostReceipt,
  RegistrationStatus,
} from "../../../ports.ts";
import type { TimerWheel } from "../../timer-wheel.ts";
import type { IdSupply } from "../id-supply.ts";
import { ensureValidators, validatorsOf } from "../line/loaded-validators.ts";
import type { StationLine } from "../line/station-line.ts";
import { heldReservations, reservationNumbered, RESERVATIONS_MAX } from "../storage/reservations.ts";
import { isServed, type SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import { CommandChannel, type CommandLine } from "./command-channel.ts";
import { commandLine } from "./command-line.ts";
import { outgoingTransfer } from "./outgoing-transfer.ts";

const ASK_EVERY_MS = 60_000;
const OWN_TIMEOUT_MS = 30_000;
const BOOT_REQUEST = { kind: "trigger", requestedMessage: "BootNotification" } as const;

/** Commands to the station of a session, if it is connected. */
export class StationCommands {
  readonly #store: SessionStore;
  readonly #line: StationLine;
  readonly channel: CommandChannel;
  readonly #ids: IdSupply;
  readonly #arm: (record: SessionRecord) => void;

  /** `arm`: sets the alarm for what is due next. */
  constructor(
    {
      store,
      line,
      ids,
      timers,
    }: { store: SessionStore; line: StationLine; ids: IdSupply; timers: TimerWheel },
    arm: (record: SessionRecord) => void,
  ) {
    this.#store = store;
    this.#line = line;
    this.#ids = ids;
    this.channel = new CommandChannel(
      {
        line: () => this.#commandLine(),
        onTriggered: (action, isLegal) => noteTriggered(store, action, isLegal),
      },
      timers,
    );
    this.#arm = arm;
  }

  /** Runs a command; a DataTransfer is stored with its answer. */
  async run(
    record: SessionRecord,
    command: ChargerCommand,
    timeoutMs: CommandTimeout,
  ): Promise<CommandOutcome> {
    const outcome = await this.#send(record, command, timeoutMs);
    const transfer = outgoingTransfer(command, outcome, Date.now());
    const isNoted = startsTransaction(command) || reserves(command) || cancelsReservation(command);
    if (!transfer && !isNoted) return outcome;
    const { record: current } = this.#store;
    // Another charger may own the session now.
    if (!isServed(current) || current.chargerId !== record.chargerId) return outcome;
    if (transfer) this.#store.addTransfer(record, transfer);
    this.#arm(record);
    return withReservation(current, this.#withRunning(outcome));
  }

  /** Queues a command without waiting for its answer. The timer of the queue keeps the object awake for it. */
  post(record: SessionRecord, posted: PostedCommand, timeoutMs: number): PostReceipt {
    if (!this.#line.live(record)) return "offline";
    const command = posted.kind === "stopRunning" ? this.#stopOf(posted) : posted;
    if (!command) return "noTransaction";
    if (!isCommandAllowed(record.registration, command)) return "notAccepted";
    if (this.channel.waiting >= QUEUE_LENGTH_MAX) return "busy";
    void this.run(record, command, timeoutMs);
    return "queued";
  }

  #stopOf({ evseId, transactionId }: Extract<PostedCommand, { kind: "stopRunning" }>): ChargerCommand | null {
    const { transactions } = this.#store;
    const meant = transactions
      .open()
      .find((each) =>
        transactionId === null
          ? each.evseId === evseId
          : each.transactionId === transactionId || each.ocppTransactionId === transactionId,
      );
    return meant
      ? {
          kind: "remoteStop",
          transactionId: meant.transactionId,
          ocppTransactionId: meant.ocppTransactionId,
        }
      : null;
  }

  /** A 2.x station may answer a start with the transaction that runs already: then its id is the one to tell. */
  #withRunning(outcome: CommandOutcome): CommandOutcome {
    if (outcome.kind !== "answered" || outcome.answer.kind !== "started") return outcome;
    const { ocppTransactionId } = outcome.answer;
    const running = ocppTransactionId === null ? null : this.#store.transactions.byOcppId(ocppTransactionId);
    if (!running) return outcome;
    return { ...outcome, answer: { ...outcome.answer, transactionId: running.transactionId } };
  }

  /** Sends commands of the session itself; null: the station is not connected. */
  sender(record: SessionRecord): (command: ChargerCommand) => Promise<CommandOutcome> | null {
    return (command) => this.#line.live(record) && this.run(record, command, OWN_TIMEOUT_MS);
  }

  /** Sets the answer to the next BootNotification. A station that waits for registration is asked to boot again. */
  setBootAnswer(record: SessionRecord, status: RegistrationStatus): void {
    record.bootAnswer = status;
    this.#store.changed();
    const isWaiting = record.registration === "Pending" && status === "Accepted";
    if (isWaiting && this.#line.live(record)) void this.#send(record, BOOT_REQUEST, OWN_TIMEOUT_MS);
  }

  /** Asks a silent station for a message. */
  askForHeartbeat(timeoutMs: number): void {
    void this.channel.run({ kind: "trigger", requestedMessage: "Heartbeat" }, timeoutMs);
  }

  #commandLine(): CommandLine | null {
    const { record } = this.#store;
    const live = record && this.#line.live(record);
    return record && live && commandLine(record, live, this.#store);
  }

  async #send(
    record: SessionRecord,
    command: ChargerCommand,
    timeoutMs: CommandTimeout,
  ): Promise<CommandOutcome> {
    const live = this.#line.live(record);
    if (!live) return { kind: "offline" };
    if (!this.#mayAskForBoot(record, command, Date.now())) return { kind: "notAccepted" };
    const { version } = live.attachment;
    const validators = validatorsOf(version) ?? (await ensureValidators(version));
    if (reserves(command) && heldReservations(record).length >= RESERVATIONS_MAX) return { kind: "busy" };
    if (!startsTransaction(command)) return this.channel.run(command, timeoutMs);
    // What cannot be sent needs no transaction id.
    const unfit = unsendable(version, command, validators);
    if (unfit) return unfit;
    if (!isCommandAllowed(record.registration, command)) return { kind: "notAccepted" };
    const askedAtMs = Date.now();
    const transactionId = await this.#ids.reserve(record);
    if (transactionId === null) return { kind: "unavailable" };
    const leftMs = typeof timeoutMs === "number" ? timeoutMs - (Date.now() - askedAtMs) : timeoutMs;
    if (typeof leftMs === "number" && leftMs <= 0) return { kind: "timeout", sent: false };
    const numbered = command.kind === "remoteStart" ? { ...command, remoteStartId: transactionId } : command;
    return this.channel.run(numbered, leftMs, transactionId);
  }

  /** A station that never booted is asked to at most once a minute, because one that cannot boot would be asked for ever. */
  #mayAskForBoot(record: SessionRecord, command: ChargerCommand, nowMs: number): boolean {
    if (!asksForBoot(command) || record.registration !== null) return true;
    if (nowMs - record.bootAskedAtMs < ASK_EVERY_MS) return false;
    record.bootAskedAtMs = nowMs;
    this.#store.changed();
    return true;
  }
}

/** Adds to the answer to a reservation what was noted of it, unless the station refused. */
function withReservation(record: SessionRecord, outcome: CommandOutcome): CommandOutcome {
  if (outcome.kind !== "answered" || outcome.answer.kind !== "reserved") return outcome;
  const { reservationId, status } = outcome.answer;
  if (status !== "accepted") return outcome;
  const reservation = reservationNumbered(record, reservationId);
  return reservation ? { ...outcome, answer: { ...outcome.answer, reservation } } : outcome;
}

/**
 * Records that a station that waits for registration may send an action because it was triggered, or may not because it refused.
 */
function noteTriggered(store: SessionStore, action: string, isLegal: boolean): void {
  const { record } = store;
  if (record?.registration !== "Pending" || record.triggered.includes(action) === isLegal) return;
  if (isLegal) record.triggered.push(action);
  else record.triggered = record.triggered.filter((other) => other !== action);
  store.changed();
}
