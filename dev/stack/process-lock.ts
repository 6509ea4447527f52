import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { openSqlite } from "../part/sqlite.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

export type ProcessLock = { release(): void };

/** The lock is held by another process, or by this one. */
export class LockHeld extends Error {
  /** The holder; undefined in the moment before it has written its name. */
  readonly pid: number | undefined;

  constructor(file: string, pid: number | undefined) {
    super(`${file} is held by process ${pid ?? "unknown"}`);
    this.pid = pid;
  }
}

const SQLITE_BUSY = 5;

const holderSchema = z.object({ pid: z.number().int(), started: z.string() });

/** Locks of this process: a database that is collected as garbage gives its lock up. */
const held = new Set<DatabaseSync>();

/**
 * Takes a lock that the operating system frees when this process ends, also by kill -9, and that a stopped or busy holder keeps: the
 * write lock of SQLite on `<file>.sqlite`. `file` names the holder, for people and for versions that know no other lock.
 * @throws LockHeld while it is held; the system's error when the files cannot be written
 */
export function takeProcessLock(file: string): ProcessLock {
  mkdirSync(dirname(file), { recursive: true });
  const database = openSqlite(`${file}.sqlite`);
  try {
    begin(database, file);
    const holder = readHolder(file);
    if (holder && isAlive(holder)) throw new LockHeld(file, holder.pid);
    writeFileSync(file, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  } catch (error) {
    database.close();
    throw error;
  }
  held.add(database);
  return {
    release: () => {
      if (!held.delete(database)) return;
      rmSync(file, { force: true });
      database.close();
    },
  };
}

function begin(database: DatabaseSync, file: string): void {
  try {
    // Nothing is ever written, so no journal is needed.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
  } catch (error) {
    const isBusy = error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
    throw isBusy ? new LockHeld(file, readHolder(file)?.pid) : error;
  }
}

/** Who wrote `file`; a file that is missing, cut short or of another kind names nobody. */
function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
