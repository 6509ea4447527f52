import type { OcppVersion } from "../../../ocpp/version.ts";
import type { SessionStore } from "../storage/session-store.ts";
import type { LineMemories, LineMemory } from "../storage/line-memory.ts";

/** Survives hibernation with its socket. */
export interface SocketAttachment extends LineMemory {
  generation: number;
  version: OcppVersion;
  connectedAtMs: number;
  ip: string;
  /** The other end is a simulator host of this deployment. */
  direct: boolean;
  lastMessageAtMs: number | null;
}

export interface LiveSocket {
  socket: WebSocket;
  attachment: SocketAttachment;
}

/** How far the time of the last message may be behind after a hibernation. */
const TOUCH_STEP_MS = 1000;

/**
 * The sockets of one object with their attachments, which are read from the runtime once per wake: that costs as much as
 * a small message.
 */
export class SessionSockets implements LineMemories {
  readonly #ctx: Pick<DurableObjectState, "getWebSockets">;
  readonly #attachments = new WeakMap<WebSocket, { attachment: SocketAttachment; storedAtMs: number }>();
  #newest: LiveSocket | null = null;

  constructor(ctx: Pick<DurableObjectState, "getWebSockets">) {
    this.#ctx = ctx;
  }

  attachmentOf(socket: WebSocket): SocketAttachment | null {
    const known = this.#attachments.get(socket);
    if (known) return known.attachment;
    // Only `attach` writes attachments.
    const attachment = socket.deserializeAttachment() as SocketAttachment | null;
    if (!attachment) return null;
    // An older release knew no direct lines.
    attachment.direct ??= false;
    this.#attachments.set(socket, { attachment, storedAtMs: attachment.lastMessageAtMs ?? 0 });
    return attachment;
  }

  /** False: the runtime refuses it. What was stored before stays. */
  attach(socket: WebSocket, attachment: SocketAttachment): boolean {
    this.#attachments.set(socket, { attachment, storedAtMs: attachment.lastMessageAtMs ?? 0 });
    try {
      socket.serializeAttachment(attachment);
      return true;
    } catch {
      return false;
    }
  }

  memoryOf(generation: number): LineMemory | null {
    return this.live(generation)?.attachment ?? null;
  }

  keep(generation: number): boolean {
    const live = this.live(generation);
    return live !== null && this.attach(live.socket, live.attachment);
  }

  /** Notes a message. Kept with the socket instead of in storage: a heartbeat writes no row. */
  touch({ socket, attachment }: LiveSocket, nowMs: number): void {
    attachment.lastMessageAtMs = nowMs;
    const storedAtMs = this.#attachments.get(socket)?.storedAtMs ?? 0;
    if (nowMs - storedAtMs >= TOUCH_STEP_MS) this.attach(socket, attachment);
  }

  /** The open socket of this generation, if there is one. */
  live(generation: number): LiveSocket | null {
    if (this.#newest?.attachment.generation !== generation) this.#newest = this.#find(generation);
    if (this.#newest?.socket.readyState !== WebSocket.OPEN) this.#newest = null;
    return this.#newest;
  }

  #find(generation: number): LiveSocket | null {
    for (const socket of this.#ctx.getWebSockets(String(generation))) {
      const attachment = this.attachmentOf(socket);
      if (attachment && socket.readyState === WebSocket.OPEN) return { socket, attachment };
    }
    return null;
  }
}

/** Codes that may not be put on the wire (RFC 6455, 7.4.1). */
const RESERVED_CODES: ReadonlySet<number> = new Set([1005, 1006, 1015]);

/** Answers a close frame; a socket that is closed already is no error. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(RESERVED_CODES.has(code) ? 1000 : code, RESERVED_CODES.has(code) ? "bye" : reason);
  } catch {
    // The peer was faster.
  }
}

/** Stores what changed, then sends unless the socket is gone: its close event follows and ends what waited for it. */
export function sendText(store: Pick<SessionStore, "commit">, socket: WebSocket, text: string): boolean {
  store.commit();
  try {
    socket.send(text);
    return true;
  } catch {
    return false;
  }
}
