import { DurableObject } from "cloudflare:workers";
import { readEnv, type Env, type RawEnv } from "../env.ts";
import type { ChargerCommand } from "../ocpp/commands.ts";
import { parseFrame, type ParsedFrame } from "../ocpp/frame.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import type {
  CommandOutcome,
  CommandTimeout,
  DataTransferRow,
  FrameQuery,
  FrameRow,
  RegistrationStatus,
  RotationStatus,
  SessionProvision,
  SessionRef,
  SessionSnapshot,
  SettingsNote,
  UnknownTagPolicy,
} from "../ports.ts";
import { clientAddress } from "../session-address.ts";
import type { ServicesOf } from "./services.ts";
import { factSink } from "./facts/fact-sink.ts";
import { admitUpgrade } from "./session/door/admit-upgrade.ts";
import { adopt } from "./session/door/adoption.ts";
import { AlarmClock } from "./session/alarm-clock.ts";
import { mayAskForBoot } from "./session/outbound/boot-request.ts";
import { CommandChannel, type CommandLine } from "./session/outbound/command-channel.ts";
import { commandLine } from "./session/outbound/command-line.ts";
import { noteConnected, noteForgottenLine } from "./session/line/connected.ts";
import { isDirect, isDirectBefore, offerOf } from "./session/line/direct-line.ts";
import { endUnspoken } from "./session/line/end-unspoken.ts";
import { isTooBig } from "./session/line/frame-size.ts";
import { blockTaker, IdSupply, prepareIds } from "./session/inbound/id-supply.ts";
import { keyHolder, rotateKey } from "./session/door/key-rotation.ts";
import { closeSocket, SessionSockets, type LiveSocket } from "./session/line/live-socket.ts";
import { livenessStep, PROBE_TIMEOUT_MS, unseenAtMs } from "./session/line/liveness.ts";
import { ensureValidators, validatorsOf } from "./session/line/loaded-validators.ts";
import { logEvent } from "./session/storage/log-event.ts";
import { OutboxFlush } from "./session/outbox-flush.ts";
import { outgoingTransfer } from "./session/outbound/outgoing-transfer.ts";
import { Preparation } from "./session/inbound/preparation.ts";
import { isServed, type SessionRecord } from "./session/storage/session-record.ts";
import { addClosureNotice } from "./session/line/security-notice.ts";
import { SessionStore } from "./session/storage/session-store.ts";
import { SettingsNotice, settingsPublisher } from "./session/settings/settings-notice.ts";
import { snapshotOf } from "./session/snapshot.ts";
import { StationInbox } from "./session/inbound/station-inbox.ts";
import { keepTagPolicy, policyReader, TagPolicy } from "./session/inbound/tag-policy.ts";
import { noteTakeover } from "./session/line/takeover.ts";
import { removePrepared, addCredentialFact } from "./session/door/credential-fact.ts";
import { TrafficGuard } from "./session/line/traffic-guard.ts";
import { noteTriggered } from "./session/outbound/triggered.ts";
import { upgraded, type Upgrade } from "./session/line/upgraded.ts";

const OWN_COMMAND_TIMEOUT_MS = 30_000;
const BOOT_REQUEST = { kind: "trigger", requestedMessage: "BootNotification" } as const;

/**
 * One charge point: its socket, its calls, its registration, its frames. The object's name is
 * `<organization slug>/<identity>`; it stores nothing before it is provisioned.
 */
export class ChargePointSession extends DurableObject<RawEnv> {
  readonly #config: Env;
  readonly #store: SessionStore;
  readonly #sockets: SessionSockets;
  readonly #channel: CommandChannel;
  readonly #inbox: StationInbox;
  readonly #preparation: Preparation;
  readonly #clock: AlarmClock;
  readonly #flush: OutboxFlush;
  readonly #settings: SettingsNotice;
  #guard = new TrafficGuard();

  constructor(ctx: DurableObjectState, raw: RawEnv, services: ServicesOf) {
    super(ctx, raw);
    this.#config = readEnv(raw);
    this.#sockets = new SessionSockets(ctx);
    this.#store = new SessionStore(ctx.storage, this.#sockets);
    this.#channel = new CommandChannel({
      line: () => this.#line(),
      onTriggered: (action, isLegal) => noteTriggered(this.#store, action, isLegal),
    });
    const ids = new IdSupply(this.#store, blockTaker(this.#config));
    const tags = new TagPolicy(this.#store, policyReader(this.#config, services));
    this.#preparation = new Preparation(ids, tags, this.#store.transactions);
    this.#inbox = new StationInbox(this.#store, this.#channel, ids, this.#config.OCPP_INBOUND_VALIDATION);
    this.#flush = new OutboxFlush(this.#store, factSink(this.#config, services), (record, isDeleted) => {
      removePrepared(this.#config, record);
      return isDeleted ? void this.retire(record) : this.#withdraw(record);
    });
    this.#settings = new SettingsNotice(
      ctx,
      this.#store,
      this.#channel,
      settingsPublisher(this.#config, services),
    );
    this.#clock = new AlarmClock(ctx.storage, this.#store, this.#sockets, {
      flush: (isUrgent) => this.#flush.run(isUrgent ? "soon" : "shared"),
      waitUntil: (work) => ctx.waitUntil(work),
    });
  }

  provision(ref: SessionRef, input: SessionProvision): Promise<{ created: boolean }> {
    return adopt(this.#store, { ref, input }, this.#config.CREDENTIAL_SECRET, (old) => this.#withdraw(old));
  }

  /** The upgrade of a station; everything else is RPC. */
  override async fetch(request: Request): Promise<Response> {
    const direct = isDirect(request);
    this.#store.isDirect = direct;
    const offer = offerOf(request);
    const isNew = offer !== null && (await this.provision(offer.ref, offer.input)).created;
    this.#store.leaveToHost(isNew ? offer.news : []);
    const admitted = await admitUpgrade(this.#store, request, this.#config, isNew);
    if (admitted instanceof Response) return admitted;
    const { record, version } = admitted;
    if (!direct) addCredentialFact(this.#store, record, Date.now());
    return this.#accept(record, version, { ip: clientAddress(request), direct, isNew });
  }

  async command(
    ref: SessionRef,
    command: ChargerCommand,
    timeoutMs: CommandTimeout,
  ): Promise<CommandOutcome> {
    const record = this.#own(ref);
    if (!record) return { kind: "notProvisioned" };
    const outcome = await this.#run(record, command, timeoutMs);
    if (command.kind === "dataTransfer" && this.#own({ ...ref, chargerId: record.chargerId })) {
      this.#store.addTransfer(record, outgoingTransfer(command, outcome, Date.now()));
      this.#arm(record);
    }
    return outcome;
  }

  async #run(
    record: SessionRecord,
    command: ChargerCommand,
    timeoutMs: CommandTimeout,
  ): Promise<CommandOutcome> {
    const live = this.#live(record);
    if (!live) return { kind: "offline" };
    if (!mayAskForBoot(this.#store, record, command, Date.now())) return { kind: "notAccepted" };
    if (!validatorsOf(live.attachment.version)) await ensureValidators(live.attachment.version);
    return this.#channel.run(command, timeoutMs);
  }

  /** A waiting station is asked to boot again; the registration of any other holds until its next boot. */
  setRegistration(ref: SessionRef, status: RegistrationStatus): boolean {
    const record = this.#own(ref);
    if (!record) return false;
    record.bootAnswer = status;
    this.#store.changed();
    const isWaiting = record.registration === "Pending" && status === "Accepted";
    if (isWaiting && this.#live(record)) void this.#run(record, BOOT_REQUEST, OWN_COMMAND_TIMEOUT_MS);
    return true;
  }

  setTagPolicy(ref: SessionRef, policy: UnknownTagPolicy): boolean {
    return keepTagPolicy(this.#store, this.#own(ref), policy);
  }

  /** Vendor messages of both directions, newest first; null when not provisioned. */
  dataTransfers(ref: SessionRef, limit: number): DataTransferRow[] | null {
    return this.#own(ref) && this.#store.transfers.newest(limit);
  }

  noteSettings(ref: SessionRef, note: SettingsNote): boolean {
    return this.#settings.note(this.#own(ref), note);
  }

  snapshot(ref: SessionRef): SessionSnapshot | null {
    const record = this.#own(ref);
    return record && snapshotOf(record, this.#store.transactions, this.#live(record), Date.now());
  }

  async rotateAuthorizationKey(ref: SessionRef, newKey: string): Promise<RotationStatus | null> {
    const record = this.#own(ref);
    if (!record) return null;
    const holder = keyHolder({
      own: () => this.#own({ ...ref, chargerId: record.chargerId }),
      changed: () => this.#store.changed(),
      send: (command) => (this.#live(record) ? this.command(ref, command, OWN_COMMAND_TIMEOUT_MS) : null),
    });
    const status = await rotateKey(holder, this.#config.CREDENTIAL_SECRET, newKey);
    if (
      this.#own({ ...ref, chargerId: record.chargerId }) &&
      addCredentialFact(this.#store, record, Date.now())
    )
      this.#arm(record);
    return status;
  }

  /** Takes the station offline, if its host ended the connection by `atMs`: a killed process loses the close event of the socket. */
  hangUp(ref: SessionRef, atMs: number): boolean {
    const record = this.#own(ref);
    const live = record && this.#live(record);
    if (live && isDirectBefore(live, atMs)) this.#end(live.socket, 1000, "bye");
    if (record && noteForgottenLine(record, Date.now())) this.#goOffline(record, null);
    return record !== null;
  }

  /** What went over the wire, newest first; null when not provisioned. */
  frames(ref: SessionRef, query: FrameQuery): { rows: FrameRow[]; total: number } | null {
    return this.#own(ref) && this.#store.frames.query(query, Date.now());
  }

  /** Frames that the station exchanged with another central system. */
  appendFrames(ref: SessionRef, rows: FrameRow[]): boolean {
    if (!this.#own(ref)) return false;
    for (const { atMs, ...frame } of rows) this.#store.frames.append([frame], atMs);
    return true;
  }

  /** The charger is gone. What is still to be told is told before everything is forgotten, by the alarm if need be. */
  async retire(ref: SessionRef & { chargerId: string }): Promise<void> {
    const record = this.#store.record;
    if (!record || record.chargerId !== ref.chargerId) return;
    record.isRetired = true;
    this.#store.changed();
    this.#withdraw(record);
    await this.#wipeRetired(record);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const nowMs = Date.now();
    if (!this.#currentRecord(socket)) return;
    if (typeof message !== "string") return this.#end(socket, 1003, "text only");
    if (isTooBig(message)) return this.#end(socket, 1009, "too big");
    const delayMs = this.#guard.take(message.length, nowMs);
    if (delayMs === null) return this.#end(socket, 4029, "too many messages");
    if (delayMs > 0) await scheduler.wait(delayMs);
    const attachment = this.#sockets.attachmentOf(socket);
    if (!attachment) return;
    const { version } = attachment;
    if (!validatorsOf(version)) await ensureValidators(version);
    const frame = parseFrame(message, version);
    const known = this.#currentRecord(socket);
    const preparing = known && this.#preparation.of(known, frame, version);
    if (preparing) await preparing;
    const record = this.#currentRecord(socket);
    if (record) this.#receive(record, { socket, attachment }, { text: message, frame, nowMs });
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    closeSocket(socket, code, reason);
    endUnspoken(this.#sockets.attachmentOf(socket), code, Date.now());
    this.#disconnected(socket, code);
  }

  override webSocketError(socket: WebSocket): void {
    closeSocket(socket, 1011, "error");
    this.#disconnected(socket, 1006);
  }

  override async alarm(): Promise<void> {
    const woken = this.#store.record;
    if (!woken) return;
    this.#clock.rang(woken);
    await this.#flush.run("shared", unseenAtMs(woken, this.#sockets.live(woken.generation)));
    const record = this.#store.record;
    if (record?.isRetired) return this.#wipeRetired(record);
    if (!record) return;
    const live = this.#live(record);
    if (live) await ensureValidators(live.attachment.version);
    // Another charger may have taken the identity meanwhile, and has its own alarm.
    if (this.#store.record !== record || record.isRetired) return;
    if (live) this.#checkLiveness(record, live, Date.now());
    if (live) void this.#settings.lease.renew(record, live, Date.now());
    // The log of a connected station is pruned as it grows.
    if (!live) this.#store.frames.prune(Date.now());
    this.#arm(record);
  }

  #accept(record: SessionRecord, version: OcppVersion, { ip, direct, isNew }: Upgrade): Response {
    const nowMs = Date.now();
    const { 0: client, 1: server } = new WebSocketPair();
    const older = this.ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
    const oldIps = older.map((socket) => this.#sockets.attachmentOf(socket)?.ip ?? "");
    const before = this.#sockets.memoryOf(record.generation);
    if (before) this.#store.lineEnded(record, before);
    this.#guard = new TrafficGuard();
    noteConnected(record, { version, ip, direct, nowMs });
    this.ctx.acceptWebSocket(server, [String(record.generation)]);
    const { generation } = record;
    const attachment = { generation, version, connectedAtMs: nowMs, ip, direct, lastMessageAtMs: null };
    this.#sockets.attach(server, attachment);
    this.#store.changed("repeatable");
    this.#store.addFact(record, nowMs, { type: "connection", online: true, ocppVersion: version });
    noteTakeover(this.#store, record, { ip, oldIps, nowMs });
    this.#arm(record);
    if (!direct) logEvent(record, "session.connected", { version, ip });
    for (const socket of older) closeSocket(socket, 4001, "superseded");
    this.#channel.takeover();
    void prepareIds(this.#config, record.organizationId);
    this.#settings.connected(record);
    return upgraded(client, version, isNew ? generation : null);
  }

  /** Only the current socket may end the session: an old one closes late and must not touch its successor. */
  #disconnected(socket: WebSocket, code: number): void {
    const record = this.#currentRecord(socket);
    const attachment = this.#sockets.attachmentOf(socket);
    if (!record || !attachment) return;
    this.#store.lineEnded(record, attachment);
    this.#goOffline(record, attachment.lastMessageAtMs);
    logEvent(record, "session.disconnected", { code });
  }

  #goOffline(record: SessionRecord, lastMessageAtMs: number | null): void {
    record.connected = null;
    record.probedAtMs = null;
    record.lastMessageAtMs = lastMessageAtMs ?? record.lastMessageAtMs;
    const fact = { type: "connection", online: false, ocppVersion: record.version } as const;
    this.#store.addFact(record, Date.now(), fact);
    this.#store.changed();
    this.#channel.drop();
    this.#clock.arm(record, null, Date.now());
  }

  #end(socket: WebSocket, code: number, reason: string): void {
    addClosureNotice(this.#store, this.#currentRecord(socket), code, Date.now());
    this.#disconnected(socket, code);
    closeSocket(socket, code, reason);
  }

  /** The charger is gone: so is its socket, and what it charged ends at its last meter value. */
  #withdraw(record: SessionRecord): void {
    for (const socket of this.ctx.getWebSockets()) this.#end(socket, 4004, "unknown charger");
    this.#channel.drop();
    this.#store.endTransactions(record, Date.now());
  }

  #receive(
    record: SessionRecord,
    from: LiveSocket,
    { text, frame, nowMs }: { text: string; frame: ParsedFrame; nowMs: number },
  ): void {
    this.#sockets.touch(from, nowMs);
    this.#store.isDirect = from.attachment.direct;
    const validators = validatorsOf(from.attachment.version);
    if (!validators) return;
    if (frame.kind !== "malformed") {
      this.#guard.wellFormed();
      const { bootFacts } = record;
      this.#inbox.receive(record, { from, text, frame, validators, nowMs });
      if (record.bootFacts !== bootFacts) this.#settings.booted(record);
    } else {
      this.#inbox.refuse(from, { text, reply: frame.reply, nowMs });
      if (frame.counted && this.#guard.malformed(nowMs))
        return this.#end(from.socket, 1002, "protocol error");
    }
    this.#arm(record);
  }

  #line(): CommandLine | null {
    const record = this.#store.record;
    const live = record && this.#live(record);
    return record && live && commandLine(record, live, this.#store);
  }

  #checkLiveness(record: SessionRecord, live: LiveSocket, nowMs: number): void {
    const step = livenessStep(record, live, nowMs);
    if (step === "close") this.#end(live.socket, 4008, "no message");
    if (step !== "probe") return;
    record.probedAtMs = nowMs;
    this.#store.changed();
    void this.#channel.run({ kind: "trigger", requestedMessage: "Heartbeat" }, PROBE_TIMEOUT_MS);
  }

  #arm(record: SessionRecord): void {
    this.#clock.arm(record, this.#sockets.live(record.generation), Date.now());
  }

  async #wipeRetired(record: SessionRecord): Promise<void> {
    await this.#flush.run("shared");
    if (this.#store.record !== record) return;
    if (this.#store.hasUnflushed) this.#arm(record);
    else await this.#store.wipe();
  }

  #own(ref: SessionRef): SessionRecord | null {
    const record = this.#store.record;
    if (!isServed(record)) return null;
    return ref.chargerId === undefined || ref.chargerId === record.chargerId ? record : null;
  }

  /** A crash or a deploy drops sockets without an event: whoever looks next finds out and says so. */
  #live(record: SessionRecord): LiveSocket | null {
    const live = record.connected && this.#sockets.live(record.generation);
    if (record.connected && !live) this.#goOffline(record, null);
    return live;
  }

  #currentRecord(socket: WebSocket): SessionRecord | null {
    const { record } = this.#store;
    return record?.connected && this.#sockets.isOf(socket, record.generation) ? record : null;
  }
}
