import type { OcppVersion } from "../../ocpp/version.ts";

/** Survives hibernation with its socket. */
export interface SocketAttachment {
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

/** Only `attach` writes attachments. */
export function attachmentOf(socket: WebSocket): SocketAttachment | null {
  const attachment = socket.deserializeAttachment() as SocketAttachment | null;
  // An older release knew no direct lines.
  if (attachment) attachment.direct ??= false;
  return attachment;
}

export function attach(socket: WebSocket, attachment: SocketAttachment): void {
  socket.serializeAttachment(attachment);
}

/** The open socket of this generation, if there is one. */
export function liveSocket(ctx: DurableObjectState, generation: number): LiveSocket | null {
  for (const socket of ctx.getWebSockets(String(generation))) {
    const attachment = attachmentOf(socket);
    if (attachment && socket.readyState === WebSocket.OPEN) return { socket, attachment };
  }
  return null;
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

/** Sends unless the socket is gone: its close event follows and ends what waited for it. */
export function sendText(socket: WebSocket, text: string): boolean {
  try {
    socket.send(text);
    return true;
  } catch {
    return false;
  }
}
