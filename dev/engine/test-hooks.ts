import type { Database } from "./database.ts";
import type { Engine } from "./engine.ts";
import type { StatsSnapshot } from "./engine-stats.ts";
import { noFaults, type Faults } from "./faults.ts";
import { Refusal, type ApiAnswer } from "./api-answer.ts";

/**
 * `POST /_test/faults` merges the given faults, `POST /_test/reset` switches all off and empties
 * the counters, `GET /_test/stats` reads them, `POST /_test/clock` with `{"forwardMs": n}` moves the engine's time. Only there when the engine was started with hooks.
 */
export function answerTestRequest(engine: Engine, method: string, path: string, body: string): ApiAnswer {
  switch (`${method} ${path}`) {
    case "POST /_test/faults":
      return { status: 200, body: setFaults(engine, { ...engine.faults, ...knownFaults(body) }) };
    case "POST /_test/reset":
      engine.stats.reset();
      return { status: 200, body: setFaults(engine, noFaults()) };
    case "POST /_test/clock":
      return { status: 200, body: moveClock(engine, body) };
    case "GET /_test/stats":
      return { status: 200, body: readStats(engine) };
    default:
      return { status: 404, body: { error: `unknown test route ${method} ${path}` } };
  }
}

export function readStats(engine: Engine): StatsSnapshot {
  const { user, system } = process.cpuUsage();
  return {
    ...engine.stats.snapshot(),
    inFlight: engine.scheduler.inFlight,
    pending: engine.scheduler.pendingCount,
    flow: engine.scheduler.laneStats(),
    memoryRssBytes: process.memoryUsage.rss(),
    cpuMs: (user + system) / 1000,
  };
}

/** How far tests have moved the time of this file. A restart keeps it: stored due times are of that time. */
export function storedMoveMs(db: Database): number {
  const stored = db.prepare<{ value: string }>("SELECT value FROM meta WHERE key = 'clock_moved_ms'").get();
  return Number(stored?.value ?? 0);
}

function moveClock(engine: Engine, body: string): { movedMs: number } {
  const { forwardMs } = JSON.parse(body) as { forwardMs?: unknown };
  if (typeof forwardMs !== "number" || !(forwardMs >= 0))
    throw new Refusal(400, "forwardMs must be a number");
  engine.clock.moveForward(forwardMs);
  const { movedMs } = engine.clock;
  engine.db.prepare("INSERT OR REPLACE INTO meta VALUES ('clock_moved_ms', ?)").run(String(movedMs));
  engine.scheduler.clockMoved();
  return { movedMs };
}

function setFaults(engine: Engine, faults: Faults): Faults {
  engine.faults = faults;
  engine.deliveryCount = 0;
  engine.firstTokens.clear();
  engine.scheduler.pause(faults.paused);
  return faults;
}

function knownFaults(body: string): Partial<Faults> {
  const given: unknown = JSON.parse(body);
  const names = Object.keys(noFaults());
  const unknownName = Object.keys(given ?? {}).find((name) => !names.includes(name));
  if (typeof given !== "object" || unknownName !== undefined) {
    throw new Refusal(400, `unknown fault ${unknownName}; known: ${names.join(", ")}`);
  }
  return given as Partial<Faults>;
}
