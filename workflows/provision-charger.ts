import { serve } from "@upstash/workflow/hono";
import { z } from "zod";
import { failCharger, provisionCharger } from "../src/fleet/provision/provision-charger.ts";
import type { PrefetchedWork } from "../src/fleet/provision/dispatch-slice.ts";
import type { Ports } from "../src/ports.ts";
import type { StepOptions } from "./step-options.ts";
import { failureOf, sanitized } from "./step-failure.ts";

const payloadSchema = z.object({ jobId: z.string(), chargerId: z.string() });
type Payload = z.infer<typeof payloadSchema>;

/** Run of one charger, with one step. The step may run more than once, late, and concurrently with itself. */
export function provisionChargerRun(ports: Ports, prefetched: PrefetchedWork, options: StepOptions) {
  return serve<Payload>(
    async (context) => {
      const { jobId, chargerId } = payloadSchema.parse(context.requestPayload);
      await context.run("provision", () =>
        sanitized(() => provisionCharger(ports, prefetched, jobId, chargerId)),
      );
    },
    {
      ...options,
      failureFunction: async ({ context, failResponse }) => {
        const { jobId, chargerId } = payloadSchema.parse(context.requestPayload);
        await sanitized(() => failCharger(ports, jobId, chargerId, failureOf(failResponse)));
      },
    },
  );
}
