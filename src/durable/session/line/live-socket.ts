import type { OcppVersion } from "../../../ocpp/version.ts";
import type { SessionStore } from "../storage/session-store.ts";
import type { LineMemories, LineMemory } from "../storage/line-memory.ts";

/** State that the runtime keeps with a socket; it survives hibernation. */
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

/** How old the stored time of the last message may be after a hibernation. */
const TOUCH_STEP_MS = 1000;

/**
 * Sockets of a session and their attachments. An attachment is read from the runtime once per wake, because reading costs as much
 * as handling a small message.
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
    // Written by `attach` alone.
    const attachment = socket.deserializeAttachment() as SocketAttachment | null;
    if (!attachment) return null;
    // Attachments of older releases lack the field.
    attachment.direct ??= false;
    this.#attachments.set(socket, { attachment, storedAtMs: attachment.lastMessageAtMs ?? 0 });
    return attachment;
  }

  /** Stores the attachment with the socket. False: the runtime refused it; the previous one stays. */
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

  /** Records the time of a message with the socket instead of in storage: a heartbeat writes no row. */
  touch({ socket, attachment }: LiveSocket, nowMs: number): void {
    attachment.lastMessageAtMs = nowMs;
    const storedAtMs = this.#attachments.get(socket)?.storedAtMs ?? 0;
    if (nowMs - storedAtMs >= TOUCH_STEP_MS) this.attach(socket, attachment);
  }

  /** The open socket of this generation; null: none. */
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

/** Codes that must not be sent (RFC 6455 §7.4.1). */
const RESERVED_CODES: ReadonlySet<number> = new Set([1005, 1006, 1015]);

/** Closes a socket. One that is closed already is ignored. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(RESERVED_CODES.has(code) ? 1000 : code, RESERVED_CODES.has(code) ? "bye" : reason);
  } catch {
    // Already closed.
  }
}

/** Commits changes, then sends. False: the socket is closed; its close event follows. */
export function sendText(store: Pick<SessionStore, "commit">, socket: WebSocket, text: string): boolean {
  store.commit();
  try {
    socket.send(text);
    return true;
  } catch {
    return false;
  }
}
