import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { openSql } from "../harness/sql.ts";
import { audit, type Violation } from "./audit.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import { readDatabase, type DatabaseRows } from "./database-rows.ts";
import {
  readEngine,
  readJob,
  readOnline,
  readSessions,
  readPrepared,
  readRegistry,
  readSimulated,
  readStrayAlarms,
  type Evidence,
} from "./evidence.ts";
import type { Ledger } from "./ledger.ts";

export interface Observed {
  stack: ChaosStack;
  dataDirectory: string;
  ledger: Ledger;
  organizations: readonly string[];
  /** By tenant. */
  apiKeys: readonly string[];
  before: DatabaseRows | null;
  /** Ends a wait with an error. */
  signal?: AbortSignal | undefined;
}

const LOOK_EVERY_MS = 2000;
/** What is on its way gets there first; no retry of the engine waits longer than the second. */
const PATIENCE_MS = 12_000;
const RETRY_PATIENCE_MS = 65_000;
const DEADLINE_MS = 180_000;
const SHIFT_EVERY_MS = 20_000;
/** More than any wait of the sweeper. */
const SHIFT = "31 minutes";

/** Invariants that may be broken for a moment and mend by themselves. */
const HEALING = new Set(["I1", "I3", "I6", "I10", "I11", "I12", "I13", "I14", "I15", "loss"]);

/** Reads all sides. @throws while one of them has trouble */
export async function gather({
  stack,
  dataDirectory,
  ledger,
  organizations,
  apiKeys,
  before,
}: Observed): Promise<Evidence> {
  const database = await readDatabase(stack);
  const jobs: Evidence["jobs"] = new Map(
    await Promise.all(
      [...ledger.jobs].map(async ([id, { statusUrl, tenant }]) => {
        const answer = await readJob(`${stack.workerUrl}${statusUrl}`, apiKeys[tenant] ?? "");
        return [id, answer] as const;
      }),
    ),
  );
  const online = new Map<string, boolean | null>();
  for (const apiKey of apiKeys) await readOnlinePages(stack.workerUrl, apiKey, online);
  for (const { identity, station, tenant, removal } of ledger.chargers.values())
    if (station && !removal)
      online.set(identity, await readOnline(stack.workerUrl, identity, apiKeys[tenant] ?? ""));
  const sessions = await readSessions(dataDirectory);
  return {
    ledger,
    organizations,
    stations: ledger.stations,
    database,
    before,
    sessions,
    prepared: await readPrepared(dataDirectory),
    registry: await readRegistry(dataDirectory),
    simulated: await readSimulated(dataDirectory),
    desks: ledger.desks,
    nowMs: Date.now(),
    strayAlarms: readStrayAlarms(dataDirectory, sessions),
    jobs,
    online,
    engine: await readEngine(stack),
  };
}

const page = z.object({
  chargers: z.array(z.object({ chargeBoxId: z.string(), isOnline: z.boolean() })),
  pagination: z.object({ total: z.number() }),
});
const PAGE = 100;

async function readOnlinePages(
  url: string,
  apiKey: string,
  online: Map<string, boolean | null>,
): Promise<void> {
  for (let offset = 0; ; offset += PAGE) {
    const response = await fetch(`${url}/api/v1/chargers?limit=${PAGE}&offset=${offset}`, {
      headers: { "x-api-key": apiKey },
      signal: AbortSignal.timeout(30_000),
    });
    const { chargers, pagination } = page.parse(await response.json());
    for (const { chargeBoxId, isOnline } of chargers) online.set(chargeBoxId, isOnline);
    if (offset + PAGE >= pagination.total) return;
  }
}

export interface Quiet {
  evidence: Evidence;
  violations: Violation[];
  tookMs: number;
  /** How often the clock of the sweeper was put forward. */
  shifts: number;
  /** What was still open when it was waited for last. */
  waitedFor: string[];
}

/**
 * Waits until nothing is left to do, as long as that takes within its deadline, and returns what is wrong then. `known`:
 * violations of earlier rounds, which nobody waits for again.
 */
export async function quiesce(observed: Observed, known: ReadonlySet<string>): Promise<Quiet> {
  const startedAtMs = Date.now();
  let shifts = 0;
  let shiftedAtMs = 0;
  let last: { evidence: Evidence; violations: Violation[] } | null = null;
  let trouble: unknown = null;
  let waitedFor: string[] = [];
  for (;;) {
    try {
      const evidence = await gather(observed);
      const violations = audit(evidence).filter(({ invariant, what }) => !known.has(`${invariant} ${what}`));
      last = { evidence, violations };
      const healing = violations.filter(({ invariant }) => HEALING.has(invariant));
      if (healing.length === 0) break;
      waitedFor = healing.map(({ invariant, what }) => `${invariant} ${what}`);
    } catch (error) {
      if (error instanceof z.ZodError) throw error;
      trouble = error;
    }
    if (Date.now() - startedAtMs > DEADLINE_MS) break;
    if (waitedFor.length > 0 && waitedFor.every((what) => what.startsWith("I12")))
      await sweepNow(observed.stack).catch(() => null);
    if (isTimeToShift(last?.evidence, startedAtMs, shiftedAtMs)) {
      shiftedAtMs = Date.now();
      shifts += 1;
      await putClockForward(observed.stack).catch(() => null);
    }
    await delay(LOOK_EVERY_MS);
    observed.signal?.throwIfAborted();
  }
  if (!last) throw new Error("nothing could be read within the deadline", { cause: trouble });
  return { ...last, tookMs: Date.now() - startedAtMs, shifts, waitedFor };
}

/** Whether only the sweeper can help: some time has passed, and the engine has nothing left or had its longest retry. */
function isTimeToShift(last: Evidence | undefined, startedAtMs: number, shiftedAtMs: number): boolean {
  const waitedMs = Date.now() - startedAtMs;
  if (waitedMs < PATIENCE_MS || Date.now() - shiftedAtMs < SHIFT_EVERY_MS) return false;
  const isIdle = last !== undefined && last.engine.pending + last.engine.inFlight === 0;
  return isIdle || waitedMs > RETRY_PATIENCE_MS;
}

/** Makes all that waits older, and runs the scheduled handler: as if that time had passed. */
async function putClockForward(stack: ChaosStack): Promise<void> {
  const sql = openSql(stack.running.address("sql"));
  const older = (column: string) => `${column} = ${column} - interval '${SHIFT}'`;
  await sql(`UPDATE jobs SET ${older("published_at")} WHERE status IN ('PENDING', 'PROVISIONING')`, []);
  await sql(
    `UPDATE chargers SET ${older("settled_at")} WHERE job_id IN (SELECT id FROM jobs WHERE status IN ('PENDING', 'PROVISIONING'))`,
    [],
  );
  await sql(`UPDATE charger_effects SET ${older("published_at")}`, []);
  await sql(`UPDATE id_tag_effects SET ${older("published_at")}`, []);
  await sql(`UPDATE id_tag_jobs SET ${older("published_at")} WHERE status <> 'DONE'`, []);
  await sql(`UPDATE charger_settings SET ${older("next_at")} WHERE next_at IS NOT NULL`, []);
  await sql(`UPDATE charger_local_lists SET ${older("next_at")} WHERE next_at IS NOT NULL`, []);
  await sweepNow(stack);
}

/** Runs the scheduled handler, as the next minute would. */
export async function sweepNow(stack: ChaosStack): Promise<void> {
  const sql = openSql(stack.running.address("sql"));
  await sql("DELETE FROM task_locks", []);
  await stack.running.fireScheduled();
}
