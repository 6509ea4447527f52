import { serve } from "@upstash/workflow/hono";
import { z } from "zod";
import type { Ports } from "../src/ports.ts";
import { LIST_TRIES_MAX, syncLocalList } from "../src/tags/sync-local-list.ts";
import { sanitized } from "./step-failure.ts";
import type { StepOptions } from "./step-options.ts";

const payloadSchema = z.object({ chargerId: z.string() });

/** Run that brings the managed local list of one charger in line: one step per try, with growing pauses. */
export function syncLocalListRun(ports: Ports, options: StepOptions) {
  return serve<z.infer<typeof payloadSchema>>(async (context) => {
    const { chargerId } = payloadSchema.parse(context.requestPayload);
    for (let tries = 0; tries < LIST_TRIES_MAX; tries += 1) {
      const delaySeconds = await context.run(`sync-${tries}`, () =>
        sanitized(() => syncLocalList(ports, chargerId, tries)),
      );
      if (delaySeconds === null) return;
      if (delaySeconds > 0) await context.sleep(`pause-${tries}`, delaySeconds);
    }
  }, options);
}
