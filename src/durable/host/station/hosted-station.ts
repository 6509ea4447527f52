import { type StationCommand, STATION_QUEUE_MAX } from "../../../ocpp/station-event.ts";
import type { CommandReceipt, FrameRow, ItemError, StartOutcome } from "../../../ports.ts";
import { stationAtRest, type StationState } from "../../../simulator/station/state.ts";
import { step } from "../../../simulator/step.ts";
import type {
  BootOutcome,
  CommandEnd,
  Effect,
  Input,
  Surroundings,
} from "../../../simulator/station/turn.ts";
import type { DialOutcome, HostFacts } from "../dial/dial-outcome.ts";
import { ProvisioningVerdict } from "./provisioning-verdict.ts";
import { stationProfile } from "./station-profile.ts";
import type { StationRow } from "./station-row.ts";

/** Services of the host for one station. Timer names belong to the station. */
export interface HostServices {
  setTimer(name: string, atMs: number, run: () => void): void;
  clearTimer(name: string): void;
  /** Stores the row before anything that is sent afterwards. */
  save(row: StationRow): void;
  /** Stores the row soon, in one commit with other rows and with the first facts of a line; then calls `saved`. */
  saveSoon(row: StationRow, lineFacts: LineFacts | null, saved: () => void): void;
  /** Epoch ms at which this station may dial, and, at that time, epoch ms at which the rate allows it. */
  connectSlotMs(): number;
  connectGateMs(): number;
  /** `offers`: the upgrade provisions a session that does not know the station yet. */
  connect(row: StationRow, offers: boolean): Promise<DialOutcome>;
  seal(key: string): Promise<string>;
  /** The session of this deployment says that the charger does not exist: deletes the station. */
  gone(): void;
  /** Logs that a command ended without effect, also in the logs of its charger. */
  commandUnused(commandId: string, reason: string): void;
  /** Records a frame that is exchanged with another central system. */
  note(direction: FrameRow["direction"], message: string): void;
}

/** First facts of a line, for the host to store once the station is accepted. */
export interface LineFacts extends HostFacts {
  readonly atMs: number;
}

const BOOT_DEADLINE_MS = 90_000;
/** Close code of a session whose charger was deleted. */
const UNKNOWN_CHARGER = 4004;

/** One simulated charge point with its socket and timers. Executes the effects of the state machine. */
export class HostedStation {
  readonly row: StationRow;
  readonly #host: HostServices;
  readonly #verdict: ProvisioningVerdict;
  readonly #isOwnSocket: boolean;
  #state: StationState;
  #socket: WebSocket | null = null;
  /** Incremented by every dial and hang-up, so that an outdated attempt notices that it is outdated. */
  #attempt = 0;
  #lineFacts: LineFacts | null = null;
  /** The session of this deployment lost its storage. */
  #isForgotten = false;
  #hasDeadline = false;
  #isOverdue = false;
  /** Callers of `outcome` by the name of their timer. */
  readonly #waiting = new Map<string, (outcome: StartOutcome) => void>();
  /** Inputs that arrived while a new key was being encrypted. */
  #held: Input[] | null = null;
  #sealing: Promise<void> = Promise.resolve();
  /** Callers of `commanded` by the id of their command. */
  readonly #awaited = new Map<string, (end: CommandEnd | null) => void>();

  constructor(row: StationRow, host: HostServices, isOwnSocket: boolean) {
    this.row = row;
    this.#host = host;
    this.#verdict = new ProvisioningVerdict(isOwnSocket);
    this.#isOwnSocket = isOwnSocket;
    this.#state = stationAtRest(stationProfile(row.station), row.memory);
  }

  get isAccepted(): boolean {
    return this.#state.registration === "accepted";
  }

  get isOnline(): boolean {
    return this.#state.link === "up";
  }

  switchOn(): void {
    this.#input({ kind: "powerOn" });
  }

  switchOff(): void {
    this.#input({ kind: "powerOff" });
    this.#host.clearTimer("deadline");
    this.#host.clearTimer("connect");
    this.#settle({ kind: "waiting" });
    for (const id of this.#awaited.keys()) this.#tell(id, null);
  }

  /**
   * Puts a command into the station's queue. Stored when it resolves with "queued", unless it had its effect already.
   */
  async command(command: StationCommand): Promise<CommandReceipt> {
    if (this.#held) await this.#sealing;
    if (!this.row.isReady) return "notReady";
    if (this.#state.power === "off") return "stopped";
    if (this.#state.memory.commands.length >= STATION_QUEUE_MAX) return "full";
    this.#input({ kind: "command", command });
    return "queued";
  }

  /** The same, and waits for the end of the command; null: the station was switched off before. */
  async commanded(command: StationCommand): Promise<CommandEnd | Exclude<CommandReceipt, "queued"> | null> {
    const ended = new Promise<CommandEnd | null>((resolve) => this.#awaited.set(command.id, resolve));
    const receipt = await this.command({ ...command, isAwaited: true });
    if (receipt === "queued") return ended;
    this.#awaited.delete(command.id);
    return receipt;
  }

  #tell(commandId: string, end: CommandEnd | null): void {
    this.#awaited.get(commandId)?.(end);
    this.#awaited.delete(commandId);
    if (end && end.kind !== "done")
      this.#host.commandUnused(
        commandId,
        end.kind === "expired" ? "its turn did not come in time" : end.reason,
      );
  }

  /** Ends a back-off and dials. No effect on a station that is connected or dialing. */
  dialNow(): void {
    if (this.#state.link !== "down") return;
    this.#host.clearTimer("dial");
    this.#input({ kind: "timer", name: "dial" });
  }

  /** Resolves when the outcome is known; `waiting` after `waitMs`. */
  outcome(waitMs: number): Promise<StartOutcome> {
    const { verdict } = this.row;
    if (verdict) return Promise.resolve({ kind: "failed", error: verdict });
    if (this.isAccepted) return Promise.resolve({ kind: "accepted" });
    return new Promise((resolve) => {
      const name = `wait ${crypto.randomUUID()}`;
      this.#waiting.set(name, resolve);
      this.#host.setTimer(name, Date.now() + waitMs, () => {
        this.#waiting.delete(name);
        resolve({ kind: "waiting" });
      });
    });
  }

  #input(input: Input): void {
    if (this.#held) {
      this.#held.push(input);
      return;
    }
    const next = step(this.#state, input, surroundings());
    this.#state = next.state;
    this.row.memory = next.state.memory;
    this.#carryOut(next.effects);
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const [index, effect] of effects.entries()) {
      if (effect.kind === "rotateKey") {
        this.#rotate(effect.key, effects.slice(index + 1));
        return;
      }
      this.#do(effect);
    }
  }

  #do(effect: Exclude<Effect, { kind: "rotateKey" }>): void {
    switch (effect.kind) {
      case "dial":
        return this.#dialInTurn();
      case "send":
        return this.#send(effect.text);
      case "close":
        return this.#close(effect.code, effect.reason);
      case "setTimer":
        return this.#host.setTimer(effect.name, effect.atMs, () =>
          this.#input({ kind: "timer", name: effect.name }),
        );
      case "clearTimer":
        return this.#host.clearTimer(effect.name);
      case "remember":
        return this.#host.save(this.row);
      case "commandEnded":
        return this.#tell(effect.id, effect.end);
      case "boot":
        return this.#booted(effect.outcome);
    }
  }

  /** Stores a new key before the answer that confirms it is sent. Other inputs wait meanwhile. */
  #rotate(key: string, rest: readonly Effect[]): void {
    this.#held = [];
    const sealed = this.#host.seal(key).then((sealedKey) => {
      this.row.sealedKey = sealedKey;
      this.#host.save(this.row);
    });
    this.#sealing = sealed.then(() => this.#carryOut(rest)).finally(() => this.#release());
    // A failure ends the object, as one in a step does.
    void this.#sealing;
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const input of held) this.#input(input);
  }

  #dialInTurn(): void {
    const attempt = ++this.#attempt;
    const pass = () => this.#at(this.#host.connectGateMs(), () => void this.#connect(attempt));
    this.#at(this.#host.connectSlotMs(), pass);
  }

  #at(atMs: number, run: () => void): void {
    if (atMs <= Date.now()) run();
    else this.#host.setTimer("connect", atMs, run);
  }

  async #connect(attempt: number): Promise<void> {
    if (attempt !== this.#attempt) return;
    if (!this.row.isReady) this.#startDeadline();
    const dialedAtMs = Date.now();
    const outcome = await this.#host.connect(this.row, !this.row.isReady || this.#isForgotten);
    if (attempt !== this.#attempt) {
      if (outcome.kind === "open") outcome.socket.close(1000, "not wanted");
      return;
    }
    if (outcome.kind === "unknown" && this.row.isReady && !this.#isForgotten) return this.#startOver();
    if (outcome.kind === "open") this.#listen(outcome);
    const error = this.row.isReady ? null : this.#verdict.dialed(outcome, dialedAtMs);
    if (error) return this.#fail(error);
    if (outcome.kind === "open") this.#input({ kind: "connected" });
    else this.#input({ kind: "disconnected", notBeforeMs: Date.now() + (outcome.retryAfterMs ?? 0) });
    if (this.#isOverdue && outcome.kind !== "open") this.#giveUp();
  }

  /** Like a power cut: the upgrade provisions the session again, and the station boots. */
  #startOver(): void {
    this.#isForgotten = true;
    this.#input({ kind: "powerOff" });
    this.#input({ kind: "powerOn" });
  }

  #listen({ socket, lineFacts }: DialOutcome & { kind: "open" }): void {
    this.#socket = socket;
    this.#isForgotten = false;
    this.#lineFacts = lineFacts && { ...lineFacts, atMs: Date.now() };
    socket.addEventListener("message", (event) => {
      if (this.#socket !== socket || typeof event.data !== "string") return;
      this.#note("csms_to_cp", event.data);
      this.#input({ kind: "frame", text: event.data });
    });
    socket.addEventListener("close", (event) => this.#lost(socket, event.code));
    socket.addEventListener("error", () => this.#lost(socket, 1006));
  }

  #lost(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    this.#hangUp(1000, "bye");
    if (this.#isOwnSocket && code === UNKNOWN_CHARGER) return this.#host.gone();
    const error = this.row.isReady ? null : this.#verdict.closed(code);
    if (error) this.#fail(error);
    else this.#input({ kind: "disconnected" });
  }

  #send(text: string): void {
    const socket = this.#socket;
    try {
      socket?.send(text);
      if (socket) this.#note("cp_to_csms", text);
    } catch {
      if (socket) this.#lost(socket, 1006);
    }
  }

  #note(direction: FrameRow["direction"], text: string): void {
    if (!this.#isOwnSocket) this.#host.note(direction, text);
  }

  #close(code: number, reason: string): void {
    this.#attempt++;
    this.#host.clearTimer("connect");
    this.#hangUp(code, reason);
  }

  #hangUp(code: number, reason: string): void {
    const socket = this.#socket;
    this.#socket = null;
    try {
      socket?.close(code, reason);
    } catch {
      // Already closed.
    }
  }

  #booted(outcome: BootOutcome): void {
    this.#verdict.booted(outcome);
    if (outcome !== "accepted") return this.#isOverdue ? this.#giveUp() : undefined;
    this.#host.clearTimer("deadline");
    this.row.isReady = true;
    // Callers are told only when the row is stored: from then on the host restarts the station after a crash.
    this.#host.saveSoon(this.row, this.#lineFacts, () => this.#settle({ kind: "accepted" }));
    this.#lineFacts = null;
  }

  /** Starts with the first dial. */
  #startDeadline(): void {
    if (this.#hasDeadline) return;
    this.#hasDeadline = true;
    this.#host.setTimer("deadline", Date.now() + BOOT_DEADLINE_MS, () => this.#giveUp());
  }

  #giveUp(): void {
    this.#isOverdue = true;
    const error = this.#verdict.atDeadline(Date.now());
    if (error) this.#fail(error);
  }

  /** Provisioning failed for good: closes the line and deletes the key. */
  #fail(error: ItemError): void {
    if (this.row.isReady || this.row.verdict) return;
    Object.assign(this.row, { verdict: error, isDesired: false, sealedKey: null });
    this.#input({ kind: "powerOff" });
    this.#host.clearTimer("deadline");
    this.#host.save(this.row);
    this.#settle({ kind: "failed", error });
  }

  #settle(outcome: StartOutcome): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [name, resolve] of waiting) {
      this.#host.clearTimer(name);
      resolve(outcome);
    }
  }
}

/** Surroundings of one step, in which no time passes: what is computed from the time twice stays equal. */
function surroundings(): Surroundings {
  return {
    nowMs: Date.now(),
    random: () => Math.random(),
    messageId: () => crypto.randomUUID(),
  };
}
