import type { Engine } from "./engine.ts";
import type { StatsSnapshot } from "./engine-stats.ts";
import { noFaults, type Faults } from "./faults.ts";
import { Refusal, type ApiAnswer } from "./api-answer.ts";

/**
 * `POST /_test/faults` merges the given faults, `POST /_test/reset` switches all off and empties
 * the counters, `GET /_test/stats` reads them. Only there when the engine was started with hooks.
 */
export function answerTestRequest(engine: Engine, method: string, path: string, body: string): ApiAnswer {
  switch (`${method} ${path}`) {
    case "POST /_test/faults":
      return { status: 200, body: setFaults(engine, { ...engine.faults, ...knownFaults(body) }) };
    case "POST /_test/reset":
      engine.stats.reset();
      return { status: 200, body: setFaults(engine, noFaults()) };
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
