import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureOrganization } from "../../dev/bootstrap/bootstrap.ts";
import { signToken } from "../../dev/bootstrap/sign-token.ts";
import { openSql } from "../harness/sql.ts";
import type { Violation } from "./audit.ts";
import { hasBegun } from "./audit-starts.ts";
import { startChaosStack, type ChaosStack } from "./chaos-stack.ts";
import type { DatabaseRows } from "./database-rows.ts";
import { Ledger } from "./ledger.ts";
import { operations } from "./operations.ts";
import { quiesce, sweepNow, type Observed, type Quiet } from "./quiesce.ts";
import { Random } from "./random.ts";
import { Director, setEngineFaults } from "./scenes.ts";
import { evidenceOf } from "./violation-evidence.ts";
import { touchTags } from "./tag-operations.ts";
import { World } from "./world.ts";

export interface ChaosOptions {
  seed: number;
  minutes: number;
  /** Everything is kept here; must be empty or new. */
  directory: string;
  /** How long faults are on in each round. */
  roundSeconds?: number;
  say?: (line: string) => void;
  /** Called in the last quiet, while the stack still runs. */
  afterwards?: (observed: Observed) => Promise<void>;
  /** Ends the run early; it still cleans up. */
  signal?: AbortSignal;
}

export interface ChaosResult {
  seed: number;
  rounds: number;
  seconds: number;
  violations: Violation[];
  /** Requests by operation and status; 0: the connection was cut. */
  operations: Record<string, Record<string, number>>;
  /** Requests that met a fault, by proxy and kind. */
  faults: Record<string, number>;
  scenes: Record<string, number>;
  figures: Record<string, number>;
}

const LANES = 6;
const DIRECTORS = 2;

/** Breaks a whole stack for some minutes, round by round, and says what was wrong in the quiet after each. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, directory } = options;
  const startedAtMs = Date.now();
  const dataDirectory = join(directory, "data");
  mkdirSync(dataDirectory, { recursive: true });
  const random = new Random(seed);
  const stack = await startChaosStack(dataDirectory, random.fork("proxies"));
  const ledger = new Ledger();
  try {
    const organizations = await twoOrganizations(stack);
    const world = new World({
      run: seed.toString(36),
      url: stack.apiUrl,
      organizations,
      ledger,
      random: random.fork("world"),
    });
    const observed: Observed = {
      stack,
      dataDirectory,
      ledger,
      organizations: organizations.map(({ organization }) => organization),
      apiKeys: organizations.map(({ apiKey }) => apiKey),
      before: null,
      signal: options.signal,
    };
    const run = new Run(options, stack, world, observed, random.fork("director"));
    await run.all(startedAtMs);
    await options.afterwards?.(observed);
    const result = run.result(Math.round((Date.now() - startedAtMs) / 1000));
    keep(directory, { result, ledger, stack, run });
    return result;
  } finally {
    for (const station of ledger.stations) station.stop();
    writeFileSync(join(directory, "stack.log"), stack.running.log());
    await stack.stop();
  }
}

async function twoOrganizations(stack: ChaosStack) {
  const query = openSql(stack.running.address("sql"));
  const { running, secrets } = stack;
  const make = async (organization: string, apiKey: string) => ({
    organization,
    apiKey,
    token: await signToken({
      secret: secrets.JWT_SECRET,
      issuer: running.url,
      audience: "busbar",
      role: "owner",
      organization,
      now: new Date(),
    }),
  });
  const other = await ensureOrganization({
    query,
    name: "Other",
    slug: "other",
    role: "owner",
    now: new Date(),
    acceptsUnknownTags: true,
  });
  // As in the first one; nobody who charges may be refused then.
  await query("UPDATE organizations SET accept_unknown_id_tags = true", []);
  return [await make(running.organization, running.apiKey), await make(other.organization, other.api_key)];
}

class Run {
  readonly director: Director;
  readonly quiets: Pick<Quiet, "tookMs" | "shifts" | "waitedFor">[] = [];
  readonly #options: ChaosOptions;
  readonly #stack: ChaosStack;
  readonly #world: World;
  readonly #observed: Observed;
  readonly #random: Random;
  readonly #violations: Violation[] = [];
  readonly #known = new Set<string>();
  #last: DatabaseRows | null = null;
  #sessions = 0;
  #dead = 0;

  constructor(options: ChaosOptions, stack: ChaosStack, world: World, observed: Observed, random: Random) {
    this.#options = options;
    this.#stack = stack;
    this.#world = world;
    this.#observed = observed;
    this.#random = random;
    this.director = new Director(stack);
  }

  async all(startedAtMs: number): Promise<void> {
    const { minutes, say = () => {}, signal } = this.#options;
    const untilMs = startedAtMs + minutes * 60_000;
    for (let round = 1; Date.now() < untilMs && !signal?.aborted; round++) {
      const { violations, tookMs, shifts } = await this.#round(untilMs);
      say(
        `round ${round}: ${this.#counted().requests} requests, ${this.#stack.met().length} faults met, quiet after ${Math.round(tookMs / 1000)} s` +
          `${shifts > 0 ? ` with ${shifts} shifts` : ""}, ${violations.length} violations`,
      );
      for (const { invariant, what } of violations) say(`  ${invariant}: ${what}`);
      await this.#keepEvidence(round, violations);
    }
  }

  async #round(untilMs: number): Promise<Quiet> {
    const { roundSeconds = 30 } = this.#options;
    const { ledger } = this.#world;
    const trouble: Ledger["troubles"][number] = { fromMs: Date.now(), untilMs: null };
    ledger.troubles.push(trouble);
    for (const desk of ledger.desks.values()) desk.isObedient = false;
    const endMs = Math.min(Date.now() + roundSeconds * 1000, untilMs);
    const lanes = Array.from({ length: LANES }, () => this.#lane(endMs));
    const plays = Array.from({ length: DIRECTORS }, (_, n) =>
      this.director.play(this.#random.fork(`${n} ${endMs}`), endMs),
    );
    await Promise.all([...lanes, ...plays]);
    this.#options.signal?.throwIfAborted();
    this.#stack.heal();
    await setEngineFaults(this.#stack, { refuseItems: [], loseResponseEvery: 0 });
    trouble.untilMs = Date.now();
    for (const desk of ledger.desks.values()) {
      desk.isObedient = true;
      desk.sendDriversAway();
    }
    for (const station of ledger.stations)
      for (const charge of station.charges) if (charge.stop === null) station.end(charge);
    await touchTags(this.#world);
    await sweepNow(this.#stack).catch(() => null);
    const quiet = await quiesce(this.#observed, this.#known);
    for (const violation of quiet.violations) {
      this.#known.add(`${violation.invariant} ${violation.what}`);
      this.#violations.push(violation);
    }
    const { tookMs, shifts, waitedFor } = quiet;
    this.quiets.push({ tookMs, shifts, waitedFor });
    this.#observed.before = quiet.evidence.database;
    this.#last = quiet.evidence.database;
    this.#sessions = quiet.evidence.sessions.length;
    this.#dead = quiet.evidence.engine.dead.length;
    return quiet;
  }

  /** The next round changes it. */
  async #keepEvidence(round: number, violations: Violation[]): Promise<void> {
    if (violations.length === 0) return;
    const evidence = await evidenceOf(violations, this.#observed).catch(String);
    const text = JSON.stringify({ violations, evidence }, null, 1);
    writeFileSync(join(this.#options.directory, `violations-${round}.json`), text);
  }

  async #lane(endMs: number): Promise<void> {
    const { random } = this.#world;
    while (Date.now() < endMs && !this.#options.signal?.aborted) {
      await random.weighted(operations).run(this.#world);
      await delay(random.integer(10, 120));
    }
  }

  #counted() {
    const { counts } = this.#world.ledger;
    const rows = Object.values(counts).flatMap((row) => Object.entries(row));
    const sum = (isWanted: (status: string) => boolean) =>
      rows.reduce((total, [status, n]) => total + (isWanted(status) ? n : 0), 0);
    return {
      requests: sum(() => true),
      unavailable: sum((status) => status === "503"),
      cut: sum((status) => status === "0"),
    };
  }

  /** What stations were asked beside plain commands. */
  #asked() {
    const { starts, stops, reservations, desks } = this.#world.ledger;
    const rows = this.#last?.transactions ?? [];
    const of = (status: string) =>
      this.#last?.reservations.filter((row) => row.status === status).length ?? 0;
    return {
      remoteStarts: starts.length,
      claimedStarts: rows.filter((row) => row.remote_started && hasBegun(row)).length,
      expiredStarts: rows.filter(({ status }) => status === "expired").length,
      remoteStops: stops.filter(({ verdict }) => verdict === "accepted").length,
      reservations: reservations.length,
      usedReservations: of("used"),
      cancelledReservations: of("cancelled"),
      expiredReservations: of("expired"),
      managedLists: this.#last?.localLists.filter(({ mode }) => mode === "managed").length ?? 0,
      listsSent: [...desks.values()].reduce((sum, { lists }) => sum + lists.length, 0),
      fullLists: [...desks.values()].reduce(
        (sum, { lists }) => sum + lists.filter(({ update }) => update === "Full").length,
        0,
      ),
    };
  }

  result(seconds: number): ChaosResult {
    const { ledger } = this.#world;
    const { stations } = ledger;
    const total = (count: (station: (typeof stations)[number]) => number) =>
      stations.reduce((sum, station) => sum + count(station), 0);
    const byName = (names: string[]) =>
      names.reduce<Record<string, number>>(
        (counts, name) => ({ ...counts, [name]: (counts[name] ?? 0) + 1 }),
        {},
      );
    return {
      seed: this.#options.seed,
      rounds: this.quiets.length,
      seconds,
      violations: this.#violations,
      operations: ledger.counts,
      faults: byName(this.#stack.met().map(({ proxy, fault }) => `${proxy} ${fault}`)),
      scenes: byName(this.director.played.map(({ scene }) => scene)),
      figures: {
        ...this.#counted(),
        mayBeStored: ledger.maybes,
        chargers: this.#last?.chargers.length ?? 0,
        jobs: this.#last?.jobs.length ?? 0,
        failedItems: this.#last?.chargers.filter(({ status }) => status === "FAILED").length ?? 0,
        transactions: this.#last?.transactions.length ?? 0,
        meterValues: this.#last?.readings.reduce((sum, { n }) => sum + n, 0) ?? 0,
        sessions: this.#sessions,
        stations: stations.length,
        connections: total(({ connections }) => connections),
        boots: total(({ boots }) => boots),
        repeats: total(({ repeats }) => repeats),
        ...this.#asked(),
        stationCalls: total(({ calls }) => calls.length),
        slowestQuietSeconds: Math.round(Math.max(0, ...this.quiets.map(({ tookMs }) => tookMs)) / 1000),
        deadLetters: this.#dead,
        stationErrors: total(({ errors }) => errors.length),
        shifts: this.quiets.reduce((sum, { shifts }) => sum + shifts, 0),
      },
    };
  }
}

/** What somebody needs to understand a violation. Without one the data are not worth their space. */
function keep(
  directory: string,
  kept: { result: ChaosResult; ledger: Ledger; stack: ChaosStack; run: Run },
): void {
  const write = (name: string, value: unknown) =>
    writeFileSync(join(directory, name), JSON.stringify(value, null, 1));
  const { result, ledger, stack, run } = kept;
  write("result.json", result);
  write("scenes.json", run.director.played);
  write("quiets.json", run.quiets);
  write("faults.json", stack.met());
  const { creations, changes, removals, commands, polls, starts, stops, reservations } = ledger;
  write("operations.json", { creations, changes, removals, commands, polls, starts, stops, reservations });
  write(
    "desks.json",
    [...ledger.desks].map(([identity, desk]) => ({ identity, ...desk, list: [...desk.list] })),
  );
  write(
    "stations.json",
    ledger.stations.map(({ door, version, charges, calls, errors, refused, closeCodes, connections }) => ({
      identity: door.identity,
      version,
      connections,
      refused,
      closeCodes,
      errors,
      charges,
      calls,
    })),
  );
}

/** Removes what only a violation makes interesting. */
export function forgetData(directory: string): void {
  rmSync(join(directory, "data"), { recursive: true, force: true, maxRetries: 5 });
}
