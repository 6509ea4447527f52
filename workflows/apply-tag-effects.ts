import { serve } from "@upstash/workflow/hono";
import { z } from "zod";
import type { Ports } from "../src/ports.ts";
import { applyTagEffects, tagSliceCount } from "../src/tags/apply-tag-effects.ts";
import { sanitized } from "./step-failure.ts";
import type { StepOptions } from "./step-options.ts";

const payloadSchema = z.object({ batchId: z.string(), total: z.number().int().min(1) });

/** Run that tells the tag registry of a stored change, one slice per step. The sweeper publishes what is not done again. */
export function applyTagEffectsRun(ports: Ports, options: StepOptions) {
  return serve<z.infer<typeof payloadSchema>>(async (context) => {
    const { batchId, total } = payloadSchema.parse(context.requestPayload);
    for (let slice = 0; slice < tagSliceCount(total); slice += 1) {
      await context.run(`tags-${slice}`, () => sanitized(() => applyTagEffects(ports, batchId, slice)));
    }
  }, options);
}
