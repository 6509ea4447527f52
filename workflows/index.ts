import { Hono } from "hono";
import type { Config } from "../src/env.ts";
import { PrefetchedWork } from "../src/fleet/provision/dispatch-slice.ts";
import type { Ports } from "../src/ports.ts";
import { applyEffectsRun } from "./apply-effects.ts";
import { applyTagEffectsRun } from "./apply-tag-effects.ts";
import { applySettingsRun } from "./apply-settings.ts";
import { stepGuard } from "./guard.ts";
import {
  CHARGER_PATH,
  DELIVERY_PATH,
  DISPATCH_PATH,
  EFFECTS_PATH,
  LOCAL_LIST_PATH,
  REPLAY_PATH,
  SETTINGS_PATH,
  STEPS,
  TAG_EFFECTS_PATH,
  TAG_JOB_PATH,
} from "./paths.ts";
import { provisionBatch } from "./provision-batch.ts";
import { provisionChargerRun } from "./provision-charger.ts";
import { stepOptions } from "./step-options.ts";
import { syncLocalListRun } from "./sync-local-list.ts";
import { tagJobRun } from "./tag-job.ts";
import { webhookDelivery, webhookReplay } from "./webhook-messages.ts";

/** HTTP routes of the step endpoints, each behind `stepGuard`. */
export function stepRoutes(ports: Ports, config: Config): Hono {
  const app = new Hono();
  app.use(`${STEPS}*`, stepGuard(config, ports.replayMarks));
  const options = stepOptions(config);
  const prefetched = new PrefetchedWork();
  app.post(DISPATCH_PATH, provisionBatch(ports, prefetched, options));
  app.post(CHARGER_PATH, provisionChargerRun(ports, prefetched, options));
  app.post(EFFECTS_PATH, applyEffectsRun(ports, options));
  app.post(TAG_JOB_PATH, tagJobRun(ports, options));
  app.post(TAG_EFFECTS_PATH, applyTagEffectsRun(ports, options));
  app.post(LOCAL_LIST_PATH, syncLocalListRun(ports, options));
  app.post(SETTINGS_PATH, applySettingsRun(ports, options));
  app.post(DELIVERY_PATH, webhookDelivery(ports, config));
  app.post(REPLAY_PATH, webhookReplay(ports));
  return app;
}
