import { redactFrame } from "../../../ocpp/redact.ts";
import type { FrameQuery, FrameRow } from "../../../ports.ts";
import { actionName } from "./action-name.ts";
import { CUT_MARK, cutText } from "./cut-text.ts";
import { FrameBlocks } from "./frame-blocks.ts";
import { framesOfHeartbeat, type KeptHeartbeat } from "./kept-heartbeat.ts";
import { OlderFrames } from "./older-frames.ts";

/** `action` of an answer is that of its CALL; null when unknown or unreadable. */
export type LoggedFrame = Omit<FrameRow, "atMs">;

const TEXT_LENGTH_MAX = 64 * 1024 + CUT_MARK.length;
const FRAME_AGE_MAX_MS = 14 * 24 * 60 * 60 * 1000;
/** What may be kept of one charger; `length` counts the characters of its frames. */
const BOUNDS = { frames: 10_000, length: 32 * 1024 * 1024 };
/** What may wait in memory. */
const WAITING_MAX = 500;
const WAITING_LENGTH_MAX = 256 * 1024;

interface FrameLogHooks {
  /** Hands over the heartbeats that wait with the socket. They are older than the frames that are appended next. */
  takeHeartbeats(): readonly KeptHeartbeat[];
  /** Frames wait in memory: has `write` called. */
  onWaiting(): void;
}

/** The frames of one charger as they went over the wire, without secrets. Frames wait in memory until `write`. */
export class FrameLog {
  readonly #blocks: FrameBlocks;
  readonly #older: OlderFrames;
  readonly #hooks: FrameLogHooks;
  #waiting: FrameRow[] = [];
  #waitingLength = 0;
  /** Whether every frame in `#waiting` belongs to a command. Kept with each frame: a busy station has hundreds of them waiting. */
  #isOfCommandsAlone = true;

  constructor(sql: SqlStorage, hooks: FrameLogHooks) {
    this.#blocks = new FrameBlocks(sql);
    this.#older = new OlderFrames(sql);
    this.#hooks = hooks;
  }

  append(frames: readonly LoggedFrame[], atMs: number): void {
    this.appendHeartbeats(this.#hooks.takeHeartbeats());
    for (const frame of frames) this.#wait({ ...frame, atMs });
    if (this.#waiting.length >= WAITING_MAX || this.#waitingLength >= WAITING_LENGTH_MAX) this.write();
    else if (this.#waiting.length > 0) this.#hooks.onWaiting();
  }

  appendHeartbeats(heartbeats: readonly KeptHeartbeat[]): void {
    for (const frame of heartbeats.flatMap(framesOfHeartbeat)) this.#wait(frame);
    if (heartbeats.length > 0) this.#hooks.onWaiting();
  }

  #wait({ atMs, direction, action, message }: FrameRow): void {
    const kept = cutText(redactFrame(message), TEXT_LENGTH_MAX);
    const frame = { atMs, direction, action: actionName(action), message: kept };
    this.#waiting.push(frame);
    this.#waitingLength += kept.length;
    this.#isOfCommandsAlone &&= isOfCommand(frame);
  }

  /** Whether frames wait in memory and all of them belong to commands: our CALLs and their answers. An Authorize counts as one. */
  get hasCommandsAlone(): boolean {
    return this.#waiting.length > 0 && this.#isOfCommandsAlone;
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#blocks.forget();
    this.#older.forget();
    this.#drop();
  }

  #drop(): void {
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#isOfCommandsAlone = true;
  }

  /** Writes what waits in memory, and drops what exceeds the bounds by it. */
  write(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#drop();
    const isPruneDue = this.#blocks.add(waiting);
    if (isPruneDue) this.prune(waiting.at(-1)?.atMs ?? 0);
  }

  /** Writes what waits in memory and with the socket. */
  writeAll(): void {
    this.appendHeartbeats(this.#hooks.takeHeartbeats());
    this.write();
  }

  /** Newest first. */
  query(query: FrameQuery, nowMs: number): { rows: FrameRow[]; total: number } {
    this.writeAll();
    const oldestMs = nowMs - FRAME_AGE_MAX_MS;
    const startMs = Math.max(query.startMs ?? oldestMs, oldestMs);
    const endMs = query.endMs ?? Number.MAX_SAFE_INTEGER;
    const action = query.action?.toLowerCase() ?? null;
    const rows: FrameRow[] = [];
    let total = 0;
    const span = { startMs, endMs };
    for (const frame of newestFirst(this.#blocks.newestFirst(span), this.#older.newestFirst(span))) {
      if (frame.atMs < startMs || frame.atMs > endMs) continue;
      if (action !== null && frame.action?.toLowerCase() !== action) continue;
      if (total >= query.offset && rows.length < query.limit) rows.push(frame);
      total++;
    }
    return { rows, total };
  }

  /** Drops the oldest frames that are over age or over the bounds. */
  prune(nowMs: number): void {
    const oldestMs = nowMs - FRAME_AGE_MAX_MS;
    this.#blocks.prune(oldestMs, BOUNDS);
    this.#older.prune(oldestMs, () => {
      const kept = this.#blocks.total();
      return { frames: BOUNDS.frames - kept.frames, length: BOUNDS.length - kept.length };
    });
  }

  /** Until when the oldest frames are to be kept, epoch ms; null: there are none. */
  pruneDueMs(): number | null {
    this.writeAll();
    const oldestMs = this.#older.oldestMs() ?? this.#blocks.oldestMs();
    return oldestMs === null ? null : oldestMs + FRAME_AGE_MAX_MS;
  }

  clear(): void {
    this.#drop();
    this.#blocks.clear();
    this.#older.clear();
  }
}

/** Whether a frame is a CALL of ours, an answer of the station to one, or of an Authorize. */
function isOfCommand({ direction, action, message }: FrameRow): boolean {
  // An Authorize is answered from what is known, and changes nothing.
  if (action === "Authorize") return true;
  return direction === "csms_to_cp" ? message.startsWith("[2") : /^\[[345]/.test(message);
}

/** Merges two sequences that are in this order already; of one time the first comes first. */
function* newestFirst(one: Iterator<FrameRow>, other: Iterator<FrameRow>): Generator<FrameRow> {
  let left = one.next();
  let right = other.next();
  while (!left.done || !right.done) {
    if (right.done || (!left.done && left.value.atMs >= right.value.atMs)) {
      yield left.value as FrameRow;
      left = one.next();
    } else {
      yield right.value as FrameRow;
      right = other.next();
    }
  }
}

export function receivedFrame(action: string | null, message: string): LoggedFrame {
  return { direction: "cp_to_csms", action, message };
}

export function sentFrame(action: string | null, message: string): LoggedFrame {
  return { direction: "csms_to_cp", action, message };
}
