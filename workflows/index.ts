import { Receiver } from "@upstash/qstash";
import { Hono } from "hono";
import type { Config } from "../src/env.ts";
import { WorkAhead } from "../src/fleet/dispatch-slice.ts";
import type { Ports } from "../src/ports.ts";
import { applyEffectsRun } from "./apply-effects.ts";
import { applySettingsRun } from "./apply-settings.ts";
import { stepGuard } from "./guard.ts";
import { CHARGER_PATH, DISPATCH_PATH, EFFECTS_PATH, SETTINGS_PATH, STEPS } from "./paths.ts";
import { provisionBatch } from "./provision-batch.ts";
import { provisionChargerRun } from "./provision-charger.ts";

/**
 * Options of `serve` shared by all runs. Everything is stated: the SDK's own reading of the environment fails open. The
 * guard verifies each delivery; `receiver` is the SDK's second check, for a route that the guard does not cover.
 */
export interface StepOptions {
  baseUrl: string;
  env: Record<string, string>;
  receiver: Receiver;
  disableTelemetry: true;
}

/** The step endpoints, each behind the guard. */
export function stepRoutes(ports: Ports, config: Config): Hono {
  const app = new Hono();
  app.use(`${STEPS}*`, stepGuard(config, ports.replayMarks));
  const options = stepOptions(config);
  const ahead = new WorkAhead();
  app.post(DISPATCH_PATH, provisionBatch(ports, ahead, options));
  app.post(CHARGER_PATH, provisionChargerRun(ports, ahead, options));
  app.post(EFFECTS_PATH, applyEffectsRun(ports, options));
  app.post(SETTINGS_PATH, applySettingsRun(ports, options));
  return app;
}

function stepOptions(config: Config): StepOptions {
  const current = config.QSTASH_CURRENT_SIGNING_KEY ?? "";
  const next = config.QSTASH_NEXT_SIGNING_KEY ?? "";
  return {
    baseUrl: config.PUBLIC_BASE_URL,
    env: {
      QSTASH_URL: config.QSTASH_URL ?? "",
      QSTASH_TOKEN: config.QSTASH_TOKEN ?? "",
      QSTASH_CURRENT_SIGNING_KEY: current,
      QSTASH_NEXT_SIGNING_KEY: next,
    },
    receiver: new Receiver({ currentSigningKey: current, nextSigningKey: next }),
    disableTelemetry: true,
  };
}
