import { serve } from "@upstash/workflow/hono";
import { z } from "zod";
import type { Ports } from "../src/ports.ts";
import { applySettings, TRIES_MAX } from "../src/settings/apply-settings.ts";
import { sanitized } from "./step-failure.ts";
import type { StepOptions } from "./step-options.ts";

const payloadSchema = z.object({
  chargerId: z.string(),
  revision: z.number().int(),
  generation: z.number().int().nullable(),
});

/** Run that brings one charger's settings to its station: one step per try, with growing pauses. */
export function applySettingsRun(ports: Ports, options: StepOptions) {
  return serve<z.infer<typeof payloadSchema>>(async (context) => {
    const run = payloadSchema.parse(context.requestPayload);
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const delaySeconds = await context.run(`apply-${tries}`, () =>
        sanitized(() => applySettings(ports, run, tries)),
      );
      if (delaySeconds === null) return;
      await context.sleep(`pause-${tries}`, delaySeconds);
    }
  }, options);
}
