import type { SocketAttachment } from "./live-socket.ts";

/** Minimum interval: a garbage collection stops every object of the isolate for some milliseconds. */
const BETWEEN_COLLECTIONS_MS = 2000;
/** Delay after which the close event is over and nothing refers to the socket. */
const SETTLED_AFTER_MS = 20;
/** Lower codes are the station's own; then the runtime ends the connection. */
const OUR_CODES_FROM = 4000;

let collectsAtMs = 0;

/**
 * Ends the TCP connection of a socket that we closed and that never sent a frame. The peer's close frame is its first frame, and
 * workerd waits for another one until the session hibernates or the socket's JavaScript object is collected. A self-hosted
 * runtime exposes `gc` for that; elsewhere this does nothing.
 */
export function endUnspoken(attachment: SocketAttachment | null, code: number, nowMs: number): void {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc || code < OUR_CODES_FROM || !attachment || attachment.lastMessageAtMs !== null) return;
  // A collection that is scheduled covers this socket too.
  if (collectsAtMs > nowMs) return;
  collectsAtMs = Math.max(nowMs + SETTLED_AFTER_MS, collectsAtMs + BETWEEN_COLLECTIONS_MS);
  setTimeout(() => gc(), collectsAtMs - nowMs);
}
