import type { SocketAttachment } from "./live-socket.ts";

/** A collection stops every object of the isolate for some milliseconds. */
const BETWEEN_COLLECTIONS_MS = 2000;
/** The event that brought the close frame is over by then, and nothing refers to the socket any more. */
const SETTLED_AFTER_MS = 20;
/** Close codes below are the station's own: the runtime then ends the connection by itself. */
const OUR_CODES_FROM = 4000;

let collectsAtMs = 0;

/**
 * Ends the TCP connection of a socket that was closed by us and never sent a frame: the close frame of its station is then
 * the first frame, and workerd goes on waiting for another one until the session sleeps or the socket's JavaScript object is
 * collected. A self-hosted runtime lets us ask for the collection; elsewhere there is no `gc`, and nothing is done.
 */
export function endUnspoken(attachment: SocketAttachment | null, code: number, nowMs: number): void {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc || code < OUR_CODES_FROM || !attachment || attachment.lastMessageAtMs !== null) return;
  // One that lies ahead will take this socket along.
  if (collectsAtMs > nowMs) return;
  collectsAtMs = Math.max(nowMs + SETTLED_AFTER_MS, collectsAtMs + BETWEEN_COLLECTIONS_MS);
  setTimeout(() => gc(), collectsAtMs - nowMs);
}
