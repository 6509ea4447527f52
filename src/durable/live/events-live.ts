import { DurableObject } from "cloudflare:workers";
import { readEnv, type RawEnv } from "../../env.ts";
import type { FeedEvent, LineRequest } from "../../ports.ts";
import { delay, within } from "../../within.ts";
import type { Services, ServicesOf } from "../services.ts";
import {
  acknowledgedId,
  eventFrame,
  FRAME_LENGTH_MAX,
  LINE_CLOSE,
  readyFrame,
  resyncFrame,
  UNACKNOWLEDGED_MAX,
  wants,
  type LineState,
} from "./live-socket-state.ts";
import { Notices } from "./notices.ts";

export const LINES_MAX = 100;
const PAGE = 500;
const READ_TIMEOUT_MS = 5000;
/** Least time between the ends of two reads, so that a burst of notices becomes few statements. */
const READ_EVERY_MS = 200;
/** After a failed read. By alarm: an outage of Postgres does not keep the object awake. */
const READ_AGAIN_MS = 5000;
/**
 * After the first line was opened. A statement that began before Postgres knew of a line tells nobody of its events; it has ended
 * by its deadline (ADR 0012).
 */
const SECOND_LOOK_MS = 11_000;
/** How often the pause between reads that found nothing new is doubled: up to 3.2 s. */
const DOUBLED_MAX = 4;
const KEYS_CHECKED_EVERY_MS = 60_000;
const encoder = new TextEncoder();
const OPEN: number = WebSocket.READY_STATE_OPEN;

interface Sent {
  id: string;
  bytes: number;
}

/**
 * The live lines of one organisation, whose id is the object's name. The sockets hibernate and hold the state of their lines: with
 * no event the object has no timer, makes no statement and is not awake. Events come from the feed and in its order; a notice says
 * only that there are some.
 */
export class EventsLive extends DurableObject<RawEnv> {
  readonly #servicesOf: ServicesOf;
  readonly #notices = new Notices();
  /** What was sent and not acknowledged since the object woke, oldest first. */
  readonly #sent = new WeakMap<WebSocket, Sent[]>();
  #reading: Promise<void> | null = null;
  #readAtMs = 0;
  #keysCheckedAtMs = 0;
  /** Opening a first line and forgetting the last one follow each other. */
  #marking: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: RawEnv, services: ServicesOf) {
    super(ctx, env);
    this.#servicesOf = services;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"ping"}', '{"type":"pong"}'));
  }

  /** Opens a line. 429: there are as many as there may be. 503: Postgres does not answer. */
  override async fetch(request: Request): Promise<Response> {
    const line = JSON.parse(request.headers.get(LINE_HEADER) ?? "null") as LineRequest;
    if (this.#sockets.length >= LINES_MAX) return new Response(null, { status: 429 });
    const first = this.#sockets.length === 0;
    try {
      const newest = await this.#mark(() => this.#services.events.openLine(line.organizationId));
      const cursor = line.after ?? newest;
      if (this.#sockets.length >= LINES_MAX) return new Response(null, { status: 429 });
      const { 0: client, 1: server } = new WebSocketPair();
      const unacknowledged = { events: 0, bytes: 0 };
      // Before the socket is accepted, and so counted: a state that is too large cannot be kept.
      server.serializeAttachment({ ...line, after: cursor, cursor, unacknowledged } satisfies LineState);
      this.ctx.acceptWebSocket(server);
      if (cursor !== null) this.#notices.saw([cursor]);
      server.send(readyFrame(cursor));
      if (first) await this.ctx.storage.setAlarm(Date.now() + SECOND_LOOK_MS);
      if (line.after !== null) this.#readSoon(line.organizationId);
      return new Response(null, { status: 101, webSocket: client });
    } catch (error) {
      console.error(JSON.stringify({ event: "live.notOpened", reason: reasonOf(error) }));
      return new Response(null, { status: 503 });
    }
  }

  /** Events were stored; `id`: the last one of a statement. Returns before they are read. */
  told(organizationId: string, id: string | null): void {
    if (id !== null) this.#notices.expect(id, Date.now());
    this.#readSoon(organizationId);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const length = typeof message === "string" ? message.length : message.byteLength;
    if (length > FRAME_LENGTH_MAX) return socket.close(LINE_CLOSE.longFrame, "the frame is too long");
    const id = acknowledgedId(message);
    if (id === null) socket.close(LINE_CLOSE.badFrame, "expected an ack");
    else this.#acknowledge(socket, id);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#gone(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#gone(socket);
  }

  override async alarm(): Promise<void> {
    const [socket] = this.#sockets;
    if (socket) await this.#read(stateOf(socket).organizationId);
  }

  get #services(): Services {
    return this.#servicesOf(readEnv(this.env));
  }

  get #sockets(): WebSocket[] {
    return this.ctx.getWebSockets().filter(({ readyState }) => readyState === OPEN);
  }

  #gone(socket: WebSocket): void {
    const { organizationId } = stateOf(socket);
    if (this.#sockets.length === 0) this.#forget(organizationId);
  }

  /** Notes in Postgres that nobody listens, so that no statement tells of events. A failure costs one notice that finds nobody. */
  #forget(organizationId: string): void {
    const close = async () => {
      if (this.#sockets.length === 0) await this.#services.events.closeLines(organizationId);
    };
    this.ctx.waitUntil(this.#mark(close).catch(() => undefined));
  }

  #mark<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#marking.catch(() => undefined).then(() => within(READ_TIMEOUT_MS, work(), late));
    this.#marking = next.catch(() => undefined);
    return next;
  }

  #readSoon(organizationId: string): void {
    this.ctx.waitUntil(this.#read(organizationId));
  }

  /** One read at a time; what is told meanwhile is read by the same loop. */
  #read(organizationId: string): Promise<void> {
    this.#notices.ask();
    this.#reading ??= this.#readAll(organizationId).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readAll(organizationId: string): Promise<void> {
    try {
      while (this.#notices.take(Date.now())) {
        await this.#pause();
        if (this.#sockets.length === 0) return this.#forget(organizationId);
        await this.#checkKeys();
        await this.#readOnce(organizationId);
        this.#readAtMs = Date.now();
      }
    } catch (error) {
      console.error(JSON.stringify({ event: "live.notRead", organizationId, reason: reasonOf(error) }));
      await this.ctx.storage.setAlarm(Date.now() + READ_AGAIN_MS);
    }
  }

  /** Longer and longer while an announced event cannot be read, until something new is told. */
  async #pause(): Promise<void> {
    const untilMs = this.#readAtMs + READ_EVERY_MS * 2 ** Math.min(this.#notices.fruitless, DOUBLED_MAX);
    for (let leftMs = untilMs - Date.now(); leftMs > 0; leftMs = untilMs - Date.now()) {
      await delay(Math.min(leftMs, READ_EVERY_MS));
      if (this.#notices.isAsked) return;
    }
  }

  /** Lines with the same cursor are read together; all of them have it once they have caught up. */
  async #readOnce(organizationId: string): Promise<void> {
    const groups = Map.groupBy(this.#sockets, (socket) => stateOf(socket).cursor);
    for (const [cursor, sockets] of groups) {
      const after = cursor === null ? null : { id: cursor };
      const query = { after, types: null, chargeBoxId: null, limit: PAGE };
      const page = await within(READ_TIMEOUT_MS, this.#services.events.page(organizationId, query), late);
      if (page === null) for (const socket of sockets) this.#resync(socket, null);
      else {
        this.#notices.saw(page.events.map(({ id }) => id));
        this.#send(sockets, page.events, page.next);
        if (page.hasMore) this.#notices.ask();
      }
    }
  }

  #send(sockets: WebSocket[], events: readonly FeedEvent[], next: string | null): void {
    const frames = events.map((event) => {
      const frame = eventFrame(event);
      return { event, frame, bytes: encoder.encode(frame).byteLength };
    });
    for (const socket of sockets) {
      const state = stateOf(socket);
      const sent = this.#sent.get(socket) ?? [];
      for (const { event, frame, bytes } of frames) {
        if (!wants(state, event)) continue;
        state.unacknowledged.events++;
        state.unacknowledged.bytes += bytes;
        if (isTooMuch(state)) break;
        sent.push({ id: event.id, bytes });
        socket.send(frame);
      }
      if (isTooMuch(state)) this.#resync(socket, state.after);
      else if (events.length > 0 || state.cursor !== next) {
        this.#sent.set(socket, sent);
        socket.serializeAttachment({ ...state, cursor: next } satisfies LineState);
      }
    }
  }

  #resync(socket: WebSocket, after: string | null): void {
    socket.send(resyncFrame(after));
    socket.close(LINE_CLOSE.resync, "resync");
  }

  /**
   * Everything up to an event has arrived. What was sent before the object woke is known by its number alone: an acknowledgement of
   * it counts for all of it, so that a client which lags behind is found after twice as many events at most.
   */
  #acknowledge(socket: WebSocket, id: string): void {
    const state = stateOf(socket);
    const sent = this.#sent.get(socket) ?? [];
    const at = sent.findIndex((one) => one.id === id);
    const isOlder = at < 0 && sent.length < state.unacknowledged.events;
    if (at < 0 && !isOlder) return;
    const left = sent.slice(at + 1);
    this.#sent.set(socket, left);
    const bytes = left.reduce((sum, one) => sum + one.bytes, 0);
    const unacknowledged = { events: left.length, bytes };
    socket.serializeAttachment({ ...state, after: id, unacknowledged } satisfies LineState);
  }

  /** Closes lines whose key is revoked. Asked with a read, so that lines without events cost nothing. */
  async #checkKeys(): Promise<void> {
    if (Date.now() - this.#keysCheckedAtMs < KEYS_CHECKED_EVERY_MS) return;
    this.#keysCheckedAtMs = Date.now();
    for (const [keyId, sockets] of Map.groupBy(this.#sockets, (socket) => stateOf(socket).keyId)) {
      if (await within(READ_TIMEOUT_MS, this.#services.apiKeys.findById(keyId), late)) continue;
      for (const socket of sockets) socket.close(LINE_CLOSE.keyRevoked, "the key is revoked");
    }
  }
}

/** Carries the request of a line from the Worker to the object, as JSON. */
export const LINE_HEADER = "x-busbar-line";

function stateOf(socket: WebSocket): LineState {
  return socket.deserializeAttachment() as LineState;
}

function isTooMuch({ unacknowledged: { events, bytes } }: LineState): boolean {
  return events > UNACKNOWLEDGED_MAX.events || bytes > UNACKNOWLEDGED_MAX.bytes;
}

function late(): Error {
  return new Error("The database did not answer in time");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
