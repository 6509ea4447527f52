import type { ExecutionContext } from "hono";
import { connectRedis } from "../../src/cache/redis.ts";
import { replayMarks } from "../../src/cache/replay-marks.ts";
import { readEnv, type RawEnv } from "../../src/env.ts";
import type { Ports, ProvisioningWork } from "../../src/ports.ts";
import { stepRoutes } from "../../workflows/index.ts";
import { runPublisher } from "../../workflows/run-publisher.ts";

/**
 * The baseline of the provisioning measurements: the product's own step routes, guard, replay marks and run publisher,
 * over a job store that stores nothing. Every charger's step finds no work, so what is left is the price of running it.
 */
const emptyJobs: Pick<Ports["jobs"], "openSlice" | "work" | "close"> = {
  async openSlice(_jobId, from, to) {
    return Array.from({ length: to - from }, (_, index) => {
      const chargerId = crypto.randomUUID();
      const { organizationId } = NO_WORK;
      return { seq: from + index, chargerId, organizationId, work: { ...NO_WORK, chargerId } };
    });
  },
  work: async () => null,
  close: async () => false,
};

/** Of no job, so that no run finds it read ahead. */
const NO_WORK: Omit<ProvisioningWork, "chargerId"> = {
  jobId: null,
  organizationId: "empty-step",
  organizationSlug: "empty-step",
  identity: "",
  createdAt: new Date(0),
  ocppVersion: null,
  numberOfConnectors: null,
  maxChargingPower: null,
  vendorName: null,
  model: null,
  wsUrl: null,
  runtime: "external",
  securityProfile: 2,
  simulatorHost: null,
  registrationStatus: "Accepted",
  desiredCount: 1,
  tagPolicy: { acceptsUnknown: true, readAtMs: 0 },
};

let made: { runs: Ports["runs"]; steps: ReturnType<typeof stepRoutes> } | undefined;

function make(raw: RawEnv) {
  const config = readEnv(raw);
  const runs = runPublisher(config);
  const ports = { jobs: emptyJobs, runs, replayMarks: replayMarks(connectRedis(config)), clock };
  return { runs, steps: stepRoutes(ports as unknown as Ports, config) };
}

const clock: Ports["clock"] = { now: () => new Date() };

export default {
  async fetch(request: Request, raw: RawEnv, ctx: ExecutionContext): Promise<Response> {
    made ??= make(raw);
    const url = new URL(request.url);
    if (url.pathname !== "/start") return made.steps.fetch(request, raw, ctx);
    const total = Number(url.searchParams.get("total"));
    await made.runs.dispatch({
      id: crypto.randomUUID(),
      organizationId: NO_WORK.organizationId,
      total,
      attempt: 0,
    });
    return new Response(null, { status: 202 });
  },
};
