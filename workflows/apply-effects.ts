import { serve } from "@upstash/workflow/hono";
import { z } from "zod";
import { applyEffects, effectSliceCount } from "../src/fleet/change/apply-effects.ts";
import type { Ports } from "../src/ports.ts";
import { sanitized } from "./step-failure.ts";
import type { StepOptions } from "./step-options.ts";

const payloadSchema = z.object({ batchId: z.string(), total: z.number().int().min(1) });

/**
 * Run that carries out a batch of effects, one slice per step. The sweeper publishes batches that are not done again.
 */
export function applyEffectsRun(ports: Ports, options: StepOptions) {
  return serve<z.infer<typeof payloadSchema>>(async (context) => {
    const { batchId, total } = payloadSchema.parse(context.requestPayload);
    for (let slice = 0; slice < effectSliceCount(total); slice += 1) {
      await context.run(`effects-${slice}`, () => sanitized(() => applyEffects(ports, batchId, slice)));
    }
  }, options);
}
