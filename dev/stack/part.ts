import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Announcement } from "./announcements.ts";
import { endProcess, signalGroup } from "./end-process.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { StackError } from "./stack-error.ts";

const LAST_LINES_MAX = 20;
const DEATHS_MAX = 5;
const DEATHS_WINDOW_MS = 60_000;
const READY_TIMEOUT_MS = 60_000;
const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_MAX_MS = 2_000;
// A grandchild may keep the pipes open, so the last lines are waited for only that long.
const DRAIN_MS = 300;
const DISK_IS_FULL = /ENOSPC|EDQUOT|no space left on device|database or disk is full/i;

/** How to start and stop one child process of the stack. */
export interface PartSpec {
  name: string;
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Called for every process started from this specification. */
  announcement: Announcement;
  /** Set for a program that does not end by itself when the supervisor has ended. */
  isLeashed?: boolean;
  /** Time between SIGTERM and SIGKILL. */
  stopPatienceMs: number;
}

/** Callbacks of a part to its supervisor. */
export interface PartEvents {
  /** A process was started; also called for every restart. */
  spawned(part: string, process: ProcessIdentity): void;
  /** The part wrote one line to stdout or stderr. */
  line(part: string, text: string): void;
  /** A message about the part for the person at the terminal. */
  note(text: string): void;
  /** The part died too often and will not be restarted. */
  gaveUp(error: StackError): void;
}

/** Runs one child process and restarts it, with back-off, until `stop` is called. */
export class Part {
  readonly #spec: PartSpec;
  readonly #events: PartEvents;
  #process: ProcessIdentity | undefined;
  #lastLines = new LastLines(LAST_LINES_MAX);
  #deaths: number[] = [];
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(spec: PartSpec, events: PartEvents) {
    this.#spec = spec;
    this.#events = events;
  }

  /** First start. @throws StackError with the last lines of output when the part ends before it is ready */
  async start(): Promise<void> {
    const child = this.#spawn();
    const ended = await this.#readyOrEnded(child);
    if (ended !== null) throw new StackError(this.#report(`${this.#spec.name} could not start: ${ended}`));
    void this.#watch(child);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (this.#process) await endProcess(this.#process, this.#spec.stopPatienceMs);
  }

  /** Sends SIGKILL and does not wait: for the exit handler of the supervisor. */
  endNow(): void {
    if (this.#process && isAlive(this.#process)) signalGroup(this.#process.pid, "SIGKILL");
  }

  #spawn(): ChildProcess {
    this.#lastLines = new LastLines(LAST_LINES_MAX);
    const [command, args] = this.#spec.isLeashed
      ? leashed(this.#spec)
      : [this.#spec.command, this.#spec.args];
    // A process group of its own, so that Ctrl-C reaches only the supervisor, which stops the parts in order.
    const child = spawn(command, args, {
      env: this.#spec.env,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      detached: true,
    });
    child.on("error", (error) => this.#lastLines.add(error.message));
    child.stdin?.on("error", () => {});
    if (child.pid !== undefined) {
      this.#process = identify(child.pid);
      this.#events.spawned(this.#spec.name, this.#process);
    }
    this.#forward(child.stderr);
    return child;
  }

  #forward(stream: Readable | null): void {
    if (!stream) return;
    createInterface({ input: stream }).on("line", (text) => {
      this.#lastLines.add(text);
      this.#events.line(this.#spec.name, text);
    });
  }

  /** Resolves to null once the part is ready, else to how it ended. */
  async #readyOrEnded(child: ChildProcess): Promise<string | null> {
    const ended = childExit(child);
    const ready = this.#spec.announcement(child).then(
      (announced) => (announced ? null : ended),
      (error: unknown) => `its announcement was not understood (${String(error)})`,
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, READY_TIMEOUT_MS, `not ready within ${READY_TIMEOUT_MS / 1000} s`);
    });
    const outcome = await Promise.race([ready, ended, late]);
    clearTimeout(timer);
    if (outcome === null) this.#forward(child.stdout);
    else if (this.#process) await endProcess(this.#process, 0);
    return outcome;
  }

  async #watch(child: ChildProcess): Promise<void> {
    const how = await childExit(child);
    if (!this.#stopping) this.#died(`${this.#spec.name}: ${how}`);
  }

  #died(reason: string): void {
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WINDOW_MS), now];
    // On a full disk the part is restarted without end, so that the stack recovers when space is freed.
    const isWaitingForRoom = DISK_IS_FULL.test(this.#lastLines.toString());
    if (this.#deaths.length >= DEATHS_MAX && !isWaitingForRoom) {
      const text = `${reason}, for the ${DEATHS_MAX}th time within a minute; giving up`;
      this.#events.gaveUp(new StackError(this.#report(text)));
      return;
    }
    const delayMs = Math.min(BACK_OFF_FIRST_MS * 2 ** (this.#deaths.length - 1), BACK_OFF_MAX_MS);
    this.#events.note(this.#report(`${reason}; starting it again in ${delayMs} ms`));
    this.#restart = setTimeout(() => void this.#startAgain(), delayMs);
  }

  async #startAgain(): Promise<void> {
    if (this.#stopping) return;
    const child = this.#spawn();
    const ended = await this.#readyOrEnded(child);
    if (this.#stopping) return;
    if (ended !== null) return this.#died(`${this.#spec.name} could not start again: ${ended}`);
    this.#events.note(`${this.#spec.name} is back`);
    void this.#watch(child);
  }

  #report(headline: string): string {
    const lines = this.#lastLines.toString();
    return lines === "" ? headline : `${headline}\n${lines.replace(/^/gm, "    ")}`;
  }
}

/** Ring buffer of the newest lines of a part's output, shown when it dies. */
class LastLines {
  readonly #lines: string[] = [];
  readonly #linesMax: number;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#linesMax) this.#lines.shift();
  }

  toString(): string {
    return this.#lines.join("\n");
  }
}

/** Resolves to how a child ended, after its last lines have been read. Never rejects. */
async function childExit(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    // `once` rejects with the "error" event of a command that could not be started.
    const failure = await once(child, "exit").then(
      () => null,
      (error: Error) => error.message,
    );
    if (failure !== null) return failure;
    await Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })]);
  }
  return child.signalCode ? `ended by ${child.signalCode}` : `exit code ${child.exitCode}`;
}

/**
 * Shell script that ends a command with its supervisor. It runs the command, and beside it a shell that kills the process group
 * when stdin ends. The supervisor holds the other end of stdin and never writes, so it ends with the supervisor, also by kill -9.
 * The shell holds none of the command's pipes. When the command ends first, the shell is the only process left to kill.
 */
const LEASH = `exec 9<&0
(exec 0</dev/null 1>/dev/null 2>&1 3>&-; read -r _ <&9; kill -9 0) &
exec 9<&-
exec "$@"`;

/** Command and arguments under which a program ends together with its supervisor. */
function leashed({
  command,
  args,
}: {
  command: string;
  args: readonly string[];
}): [string, readonly string[]] {
  if (process.platform === "win32") return [command, args];
  return ["/bin/sh", ["-c", LEASH, "sh", command, ...args]];
}
