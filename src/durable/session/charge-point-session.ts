import { DurableObject } from "cloudflare:workers";
import { readEnv, type Env, type RawEnv } from "../../env.ts";
import type { ChargerCommand } from "../../ocpp/commands.ts";
import type {
  CommandOutcome,
  CommandTimeout,
  PostedCommand,
  PostReceipt,
  DataTransferRow,
  FrameQuery,
  FrameRow,
  OcppReport,
  RegistrationStatus,
  RotationStatus,
  SessionProvision,
  SessionRef,
  SessionSnapshot,
  SettingsNote,
  UnknownTagPolicy,
} from "../../ports.ts";
import type { SessionOffer } from "../../session-address.ts";
import { factSink } from "../facts/fact-sink.ts";
import type { ServicesOf } from "../services.ts";
import { TimerWheel } from "../timer-wheel.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { admitUpgrade } from "./door/admit-upgrade.ts";
import { adopt } from "./door/adoption.ts";
import { addCredentialFact, removePrepared } from "./door/credential-fact.ts";
import { rotateOwnKey } from "./door/key-rotation.ts";
import { FrameReceiver } from "./inbound/frame-receiver.ts";
import { blockTaker, IdSupply } from "./id-supply.ts";
import { SessionSockets } from "./line/live-socket.ts";
import { StationLine } from "./line/station-line.ts";
import { OutboxFlush } from "./outbox-flush.ts";
import { StationCommands } from "./outbound/station-commands.ts";
import { SettingsNotice, settingsPublisher } from "./settings/settings-notice.ts";
import { snapshotOf } from "./snapshot.ts";
import { isServed, type SessionRecord } from "./storage/session-record.ts";
import { SessionStore } from "./storage/session-store.ts";

/**
 * Session of one charge point: its socket, call queue, registration, frame log and outbox. The object's name is `<organization
 * slug>/<identity>`. It stores nothing before it is provisioned.
 */
export class ChargePointSession extends DurableObject<RawEnv> {
  readonly #config: Env;
  readonly #store: SessionStore;
  readonly #line: StationLine;
  readonly #commands: StationCommands;
  readonly #receiver: FrameReceiver;
  readonly #settings: SettingsNotice;
  readonly #flush: OutboxFlush;
  readonly #clock: AlarmClock;

  constructor(ctx: DurableObjectState, raw: RawEnv, services: ServicesOf) {
    super(ctx, raw);
    const config = readEnv(raw);
    const sockets = new SessionSockets(ctx);
    const timers = new TimerWheel();
    const arm = (record: SessionRecord) => this.#clock.arm(record);
    const store = new SessionStore(ctx.storage, sockets, timers, arm);
    const line = new StationLine(ctx, store, sockets, {
      accepted: (record) => this.#accepted(record),
      ended: () => this.#commands.channel.drop(),
      probe: (timeoutMs) => this.#commands.askForHeartbeat(timeoutMs),
      arm,
    });
    const ids = new IdSupply(store, blockTaker(config));
    const commands = new StationCommands({ store, line, ids, timers }, arm);
    const { channel } = commands;
    this.#config = config;
    this.#store = store;
    this.#line = line;
    this.#commands = commands;
    this.#settings = new SettingsNotice(ctx, store, channel, settingsPublisher(config, services));
    this.#receiver = new FrameReceiver({ store, sockets, line, channel, ids }, config, services, {
      booted: (record) => this.#settings.booted(record),
      arm,
    });
    this.#flush = new OutboxFlush(store, factSink(config, services), (record, isDeleted) => {
      removePrepared(config, record);
      return isDeleted ? void this.retire(record) : this.#withdraw(record);
    });
    this.#clock = new AlarmClock(ctx.storage, store, sockets, {
      flush: (isUrgent) => this.#flush.run(isUrgent ? "soon" : "shared"),
      waitUntil: (work) => ctx.waitUntil(work),
    });
  }

  /** `isOffered`: the caller finds the same again should the session lose it, so that it may be stored with the boot. */
  provision(ref: SessionRef, input: SessionProvision, isOffered = false): Promise<{ created: boolean }> {
    return this.#adopt({ ref, input }, isOffered);
  }

  /** Upgrade of a station. Everything else is RPC. */
  override async fetch(request: Request): Promise<Response> {
    const admitted = await admitUpgrade(this.#store, request, this.#config, (offer) =>
      this.#adopt(offer, true),
    );
    return admitted instanceof Response ? admitted : this.#line.accept(admitted.record, admitted.upgrade);
  }

  async command(
    ref: SessionRef,
    command: ChargerCommand,
    timeoutMs: CommandTimeout,
  ): Promise<CommandOutcome> {
    const record = this.#own(ref);
    return record ? this.#commands.run(record, command, timeoutMs) : { kind: "notProvisioned" };
  }

  post(ref: SessionRef, command: PostedCommand, timeoutMs: number): PostReceipt | null {
    const record = this.#own(ref);
    return record && this.#commands.post(record, command, timeoutMs);
  }

  /** False: not provisioned. */
  setRegistration(ref: SessionRef, status: RegistrationStatus): boolean {
    const record = this.#own(ref);
    if (record) this.#commands.setBootAnswer(record, status);
    return record !== null;
  }

  setTagPolicy(ref: SessionRef, policy: UnknownTagPolicy): boolean {
    return this.#receiver.setTagPolicy(this.#own(ref), policy);
  }

  /** What was on its way to Postgres with the tag has arrived, or is told again with the pseudonym. */
  async eraseTag(ref: SessionRef, key: string, pseudonym: string): Promise<boolean> {
    const record = this.#own(ref);
    if (!record) return false;
    this.#store.eraseTag(record, { key, pseudonym });
    await this.#flush.run("soon");
    return true;
  }

  /** DataTransfer messages of both directions, newest first; null: not provisioned. */
  dataTransfers(ref: SessionRef, limit: number): DataTransferRow[] | null {
    return this.#own(ref) && this.#store.transfers.newest(limit);
  }

  /** The report that a client's own request was answered with; null when not provisioned. */
  report(ref: SessionRef, requestId: number): { report: OcppReport | null } | null {
    return this.#own(ref) && { report: this.#store.reports.find(requestId, Date.now()) };
  }

  noteSettings(ref: SessionRef, note: SettingsNote): boolean {
    return this.#settings.note(this.#own(ref), note);
  }

  snapshot(ref: SessionRef): SessionSnapshot | null {
    const record = this.#own(ref);
    return record && snapshotOf(record, this.#store.transactions, this.#line.live(record), Date.now());
  }

  async rotateAuthorizationKey(ref: SessionRef, newKey: string): Promise<RotationStatus | null> {
    const record = this.#own(ref);
    if (!record) return null;
    const own = () => this.#own({ ...ref, chargerId: record.chargerId });
    const send = this.#commands.sender(record);
    const status = await rotateOwnKey(
      { own, store: this.#store, send },
      this.#config.CREDENTIAL_SECRET,
      newKey,
    );
    if (own() && addCredentialFact(this.#store, record, Date.now())) this.#clock.arm(record);
    return status;
  }

  /** Takes the station offline if its host closed the connection by `atMs`. False: not provisioned. */
  hangUp(ref: SessionRef, atMs: number): boolean {
    const record = this.#own(ref);
    if (record) this.#line.hangUp(record, atMs);
    return record !== null;
  }

  /** Frame log, newest first; null: not provisioned. */
  frames(ref: SessionRef, query: FrameQuery): { rows: FrameRow[]; total: number } | null {
    return this.#own(ref) && this.#store.frames.query(query, Date.now());
  }

  /** Adds frames that the station exchanged with another central system. False: not provisioned. */
  appendFrames(ref: SessionRef, rows: FrameRow[]): boolean {
    if (!this.#own(ref)) return false;
    for (const { atMs, ...frame } of rows) this.#store.frames.append([frame], atMs);
    return true;
  }

  /**
   * Ends the session of a deleted charger: closes the line, delivers its facts, then deletes its storage. If delivery fails, the
   * alarm repeats it.
   */
  async retire(ref: SessionRef & { chargerId: string }): Promise<void> {
    const record = this.#store.record;
    if (!record || record.chargerId !== ref.chargerId) return;
    record.isRetired = true;
    this.#store.changed();
    this.#withdraw(record);
    await this.#wipeRetired(record);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> | void {
    return this.#receiver.receive(socket, message);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#line.closed(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#line.failed(socket);
  }

  override async alarm(): Promise<void> {
    const woken = this.#store.record;
    if (!woken) return;
    this.#clock.fired(woken);
    await this.#flush.run("shared", this.#line.unseenAtMs(woken));
    const record = this.#store.record;
    if (record?.isRetired) return this.#wipeRetired(record);
    if (!record) return;
    const live = await this.#line.ready(record);
    // Another charger may own the session now; it has its own alarm.
    if (this.#store.record !== record || record.isRetired) return;
    if (live) this.#line.checkLiveness(record, live);
    if (live) void this.#settings.lease.renew(record, live, Date.now());
    // While connected, the log is pruned as it grows.
    if (!live) this.#store.frames.prune(Date.now());
    this.#store.reports.prune(Date.now());
    this.#clock.arm(record);
  }

  #adopt(offer: SessionOffer, isOffered: boolean): Promise<{ created: boolean }> {
    const secret = this.#config.CREDENTIAL_SECRET;
    return adopt(this.#store, { ...offer, isOffered }, secret, (old) => this.#withdraw(old));
  }

  #accepted(record: SessionRecord): void {
    this.#commands.channel.takeover();
    this.#receiver.prepare(record);
    this.#settings.connected(record);
  }

  /** Closes the sockets and ends open transactions at their last meter value. */
  #withdraw(record: SessionRecord): void {
    this.#line.endAll(4004, "unknown charger");
    this.#commands.channel.drop();
    this.#store.endTransactions(record, Date.now());
  }

  async #wipeRetired(record: SessionRecord): Promise<void> {
    await this.#flush.run("shared");
    if (this.#store.record !== record) return;
    if (this.#store.hasUnflushed) this.#clock.arm(record);
    else await this.#store.wipe();
  }

  /** The record; null: not provisioned, or it belongs to another charger. */
  #own(ref: SessionRef): SessionRecord | null {
    const record = this.#store.record;
    if (!isServed(record)) return null;
    return ref.chargerId === undefined || ref.chargerId === record.chargerId ? record : null;
  }
}
