import { encodeResult } from "../../../ocpp/frame.ts";
import type { FrameRow } from "../../../ports.ts";

/** A heartbeat from which both of its frames are rebuilt exactly: when it came, epoch ms, and the text of the station. */
export type KeptHeartbeat = readonly [atMs: number, text: string];

/** More are written to the frame log: a crash loses those that are kept. */
const HEARTBEATS_MAX = 12;
/** With the other fields and what the serialisation adds, an attachment stays under 2,048 bytes. */
const TEXT_LENGTH_MAX = 128;
const TEXTS_LENGTH_MAX = 1200;
/** Takes one byte per character when it is serialised. */
const LATIN1 = /^[\0-\xff]*$/;

/** The answer to a heartbeat that came at `atMs`. */
function answerTo(id: string, atMs: number): string {
  return encodeResult(id, { currentTime: new Date(atMs).toISOString() });
}

/** Whether a heartbeat and its answer can be rebuilt from its time and text, and take little room. */
export function isRebuildable(id: string, [atMs, text]: KeptHeartbeat, reply: string): boolean {
  return text.length <= TEXT_LENGTH_MAX && LATIN1.test(text) && reply === answerTo(id, atMs);
}

/** Whether so many may wait with the socket. */
export function fitsMemory(kept: readonly KeptHeartbeat[]): boolean {
  return (
    kept.length < HEARTBEATS_MAX && kept.reduce((sum, [, text]) => sum + text.length, 0) <= TEXTS_LENGTH_MAX
  );
}

/** Both frames, the CALL first. */
export function framesOfHeartbeat([atMs, text]: KeptHeartbeat): FrameRow[] {
  // Only a CALL that was read is kept.
  const [, id] = JSON.parse(text) as [2, string];
  return [
    { atMs, direction: "cp_to_csms", action: "Heartbeat", message: text },
    { atMs, direction: "csms_to_cp", action: "Heartbeat", message: answerTo(id, atMs) },
  ];
}
