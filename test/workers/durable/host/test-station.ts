import { env } from "cloudflare:workers";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import type { ChargePointSession } from "../../../../src/durable/session/charge-point-session.ts";
import type { SimulatorHost } from "../../../../src/durable/host/simulator-host.ts";
import type { SimulatedStation } from "../../../../src/ports.ts";

/** The bindings of the Worker under test; their shape is that of wrangler.toml. */
const bindings = env as unknown as {
  SIMULATOR_HOST: DurableObjectNamespace<SimulatorHost>;
  CHARGE_POINT_SESSION: DurableObjectNamespace<ChargePointSession>;
};

export const testEnv = readEnv(env as unknown as RawEnv);
export const hosts = bindings.SIMULATOR_HOST;
export const sessionObjects = bindings.CHARGE_POINT_SESSION;

export function newStation(changes: Partial<SimulatedStation> = {}): SimulatedStation {
  const chargerId = crypto.randomUUID();
  return {
    chargerId,
    organizationId: crypto.randomUUID(),
    organizationSlug: "demo",
    identity: `CP-${chargerId.slice(0, 8)}`,
    createdAtMs: Date.now(),
    version: "ocpp1.6",
    connectors: 2,
    vendor: "Vendor",
    model: "Model",
    maxPowerW: 22_000,
    wsUrl: null,
    securityProfile: 2,
    ...changes,
  };
}

export function newHost() {
  return hosts.getByName(`${crypto.randomUUID()}/0`);
}

/** Asks again until the answer is right. @throws with the last answer when the deadline has passed */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  isRight: (answer: T) => boolean,
  withinMs = 10_000,
) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)} after ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
