import { serve } from "@upstash/workflow/hono";
import { z } from "zod";
import type { Ports } from "../src/ports.ts";
import { tagSliceCount } from "../src/tags/apply-tag-effects.ts";
import { eraseNext, erasureSteps } from "../src/tags/erase-tag.ts";
import { importSlice } from "../src/tags/import-tags.ts";
import { sanitized } from "./step-failure.ts";
import type { StepOptions } from "./step-options.ts";

const payloadSchema = z.object({
  jobId: z.string(),
  organizationId: z.string(),
  type: z.enum(["import", "erase"]),
  total: z.number().int().min(0),
});

/** Run of an import of id tags, or of the erasure of one, a slice per step. The sweeper starts a run that was lost again. */
export function tagJobRun(ports: Ports, options: StepOptions) {
  return serve<z.infer<typeof payloadSchema>>(async (context) => {
    const job = payloadSchema.parse(context.requestPayload);
    if (job.type === "erase") {
      for (let step = 0; step < erasureSteps(job.total); step += 1)
        await context.run(`erase-${step}`, () => sanitized(() => eraseNext(ports, job)));
      return;
    }
    for (let slice = 0; slice < tagSliceCount(job.total); slice += 1)
      await context.run(`import-${slice}`, () => sanitized(() => importSlice(ports, job, slice)));
    await context.run("finish", () =>
      sanitized(() => ports.tagJobs.finish(job.organizationId, job.jobId, ports.clock.now())),
    );
  }, options);
}
