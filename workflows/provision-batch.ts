import { serve } from "@upstash/workflow/hono";
import { z } from "zod";
import { dispatchSlice, sliceCount, type PrefetchedWork } from "../src/fleet/provision/dispatch-slice.ts";
import type { Ports } from "../src/ports.ts";
import type { StepOptions } from "./step-options.ts";
import { sanitized } from "./step-failure.ts";

const payloadSchema = z.object({
  jobId: z.string(),
  total: z.number().int().min(1),
  attempt: z.number().int().min(0),
});

/**
 * Dispatcher run of a batch: one step per slice starts the runs of its PENDING chargers. It has no failure function:
 * the sweeper repeats a dispatcher that failed.
 */
export function provisionBatch(ports: Ports, prefetched: PrefetchedWork, options: StepOptions) {
  return serve<z.infer<typeof payloadSchema>>(async (context) => {
    const job = payloadSchema.parse(context.requestPayload);
    for (let slice = 0; slice < sliceCount(job.total); slice += 1) {
      await context.run(`dispatch-${slice}`, () =>
        sanitized(() => dispatchSlice(ports, prefetched, { id: job.jobId, attempt: job.attempt }, slice)),
      );
    }
  }, options);
}
