import type { OcppVersion } from "../../../ocpp/version.ts";
import type { LineClose, SessionFact } from "../../../ports.ts";
import { GENERATION_HEADER } from "../../../session-address.ts";
import { logEvent } from "../storage/log-event.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";
import { noteConnected, noteForgottenLine, noteTakeover } from "./connected.ts";
import { isDirectBefore } from "./direct-line.ts";
import { endUnspoken } from "./end-unspoken.ts";
import { closeSocket, type LiveSocket, type SessionSockets } from "./live-socket.ts";
import { livenessStep, PROBE_TIMEOUT_MS, unseenAtMs } from "./liveness.ts";
import { ensureValidators } from "./loaded-validators.ts";
import { addClosureNotice } from "./security-notice.ts";
import { TrafficGuard } from "./traffic-guard.ts";

/** An upgrade that was admitted. */
export interface Upgrade {
  version: OcppVersion;
  ip: string;
  /** The other end is a simulator host of this deployment. */
  direct: boolean;
  /** Facts that the host writes to Postgres by itself, because its upgrade provisioned the session; null on every other line. */
  hostFacts: readonly SessionFact[] | null;
}

const LOST: LineClose = { code: 1006, reason: null };

/** What the session does when its line begins or ends. */
export interface LineHooks {
  /** A line was accepted and is stored. An older line is closed: its CALLs get no answer. */
  accepted(record: SessionRecord): void;
  /** The station went offline: no CALL gets an answer. */
  ended(): void;
  /** Asks a station that has been silent for too long for a message. */
  probe(timeoutMs: number): void;
  /** Sets the alarm for the next due time. */
  arm(record: SessionRecord): void;
}

/**
 * The line of a session: accepts it, ends it, and stores what follows from that. Only the newest socket is the line; an older one
 * closes late and changes nothing.
 */
export class StationLine {
  readonly #ctx: DurableObjectState;
  readonly #store: SessionStore;
  readonly #sockets: SessionSockets;
  readonly #hooks: LineHooks;
  #guard = new TrafficGuard();

  constructor(ctx: DurableObjectState, store: SessionStore, sockets: SessionSockets, hooks: LineHooks) {
    this.#ctx = ctx;
    this.#store = store;
    this.#sockets = sockets;
    this.#hooks = hooks;
  }

  /** Rate limit of this line. */
  get guard(): TrafficGuard {
    return this.#guard;
  }

  /** Opens the line of an admitted station. The response contains the station's end of the socket. */
  accept(record: SessionRecord, { version, ip, direct, hostFacts }: Upgrade): Response {
    const nowMs = Date.now();
    const { 0: client, 1: server } = new WebSocketPair();
    const older = this.#ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
    const oldIps = older.map((socket) => this.#sockets.attachmentOf(socket)?.ip ?? "");
    const before = this.#sockets.memoryOf(record.generation);
    if (before) this.#store.lineEnded(record, before);
    this.#store.lineStarted({ direct, hostFacts });
    this.#guard = new TrafficGuard();
    noteConnected(record, { version, ip, direct, nowMs });
    const { generation } = record;
    this.#ctx.acceptWebSocket(server, [String(generation)]);
    const attachment = { generation, version, connectedAtMs: nowMs, ip, direct, lastMessageAtMs: null };
    this.#sockets.attach(server, attachment);
    this.#store.changed("connection");
    this.#store.addFact(record, nowMs, { type: "connection", online: true, ocppVersion: version });
    noteTakeover(this.#store, record, { ip, oldIps, nowMs });
    this.#hooks.arm(record);
    if (!direct) logEvent(record, "session.connected", { version, ip });
    for (const socket of older) closeSocket(socket, 4001, "superseded");
    this.#hooks.accepted(record);
    return upgraded(client, version, hostFacts && generation);
  }

  /** Record and line of this socket; null if a newer socket replaced it. */
  current(socket: WebSocket): { record: SessionRecord; live: LiveSocket } | null {
    const { record } = this.#store;
    if (!record?.connected) return null;
    const attachment = this.#sockets.attachmentOf(socket);
    return attachment?.generation === record.generation ? { record, live: { socket, attachment } } : null;
  }

  /**
   * The open line; null when offline. Crashes and deploys drop sockets without an event: if that happened, the station goes
   * offline here.
   */
  live(record: SessionRecord): LiveSocket | null {
    const live = record.connected && this.#sockets.live(record.generation);
    if (record.connected && !live) this.#goOffline(record, null, LOST);
    return live;
  }

  /** The open line after its validators are loaded, so that commands can be sent; null when offline. */
  async ready(record: SessionRecord): Promise<LiveSocket | null> {
    const live = this.live(record);
    if (live) await ensureValidators(live.attachment.version);
    return live;
  }

  /** Epoch ms of the last message that Postgres should be told, else null. */
  unseenAtMs(record: SessionRecord): number | null {
    return unseenAtMs(record, this.#sockets.live(record.generation));
  }

  /** The peer closed this socket. */
  closed(socket: WebSocket, code: number, reason: string): void {
    closeSocket(socket, code, reason);
    endUnspoken(this.#sockets.attachmentOf(socket), code, Date.now());
    this.#disconnected(socket, { code, reason: reason || null });
  }

  /** The connection of this socket was lost. */
  failed(socket: WebSocket): void {
    closeSocket(socket, 1011, "error");
    this.#disconnected(socket, LOST);
  }

  /** Closes this socket from our side. */
  end(socket: WebSocket, code: number, reason: string): void {
    const record = this.current(socket)?.record ?? null;
    addClosureNotice(this.#store, record, code, Date.now());
    this.#disconnected(socket, { code, reason });
    closeSocket(socket, code, reason);
  }

  /** Closes every socket: the charger is gone. */
  endAll(code: number, reason: string): void {
    for (const socket of this.#ctx.getWebSockets()) this.end(socket, code, reason);
  }

  /**
   * Takes the station offline if its host closed the connection by `atMs`. Needed because the close event of a killed process is
   * lost.
   */
  hangUp(record: SessionRecord, atMs: number): void {
    const live = this.live(record);
    if (live && isDirectBefore(live, atMs)) this.end(live.socket, 1000, "bye");
    if (noteForgottenLine(record, Date.now())) this.#goOffline(record, null, LOST);
  }

  /** Probes a silent station, and closes its line if it did not answer a probe. */
  checkLiveness(record: SessionRecord, live: LiveSocket): void {
    const nowMs = Date.now();
    const step = livenessStep(record, live, nowMs);
    if (step === "close") this.end(live.socket, 4008, "no message");
    if (step !== "probe") return;
    record.probedAtMs = nowMs;
    this.#store.changed();
    this.#hooks.probe(PROBE_TIMEOUT_MS);
  }

  #disconnected(socket: WebSocket, close: LineClose): void {
    const current = this.current(socket);
    if (!current) return;
    const { record, live } = current;
    this.#store.lineEnded(record, live.attachment);
    this.#goOffline(record, live.attachment.lastMessageAtMs, close);
    logEvent(record, "session.disconnected", { code: close.code });
  }

  #goOffline(record: SessionRecord, lastMessageAtMs: number | null, close: LineClose): void {
    record.connected = null;
    record.probedAtMs = null;
    record.lastMessageAtMs = lastMessageAtMs ?? record.lastMessageAtMs;
    const fact = { type: "connection", online: false, ocppVersion: record.version, close } as const;
    this.#store.addFact(record, Date.now(), fact);
    this.#store.changed();
    this.#hooks.ended();
    this.#hooks.arm(record);
  }
}

/** Response to the upgrade. `factsGeneration`: generation for the facts that the host writes; null: it writes none. */
function upgraded(client: WebSocket, version: OcppVersion, factsGeneration: number | null): Response {
  const headers = new Headers({ "sec-websocket-protocol": version });
  if (factsGeneration !== null) headers.set(GENERATION_HEADER, String(factsGeneration));
  return new Response(null, { status: 101, webSocket: client, headers });
}
