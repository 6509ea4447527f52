import { Client } from "@upstash/workflow";
import { token, type Endpoint } from "./workflow-endpoint.ts";

export interface ChargerBatch {
  /** How often each charger's step had its effect. */
  effects: Map<number, number>;
  trigger(total: number): Promise<void>;
}

export interface BatchBehaviour {
  /** Decides before the effect of an attempt whether it throws. */
  failsBefore?: (seq: number, retried: number) => boolean;
  /** Throws once after each dispatcher slice was triggered. */
  crashesAfterTrigger?: boolean;
}

const sliceSize = 100;

/** A dispatcher run that triggers one run per charger, a hundred at a time. */
export function chargerBatch(
  endpoint: Endpoint,
  engineUrl: () => string,
  jobId: string,
  behaviour: BatchBehaviour = {},
): ChargerBatch {
  const client = () => new Client({ baseUrl: engineUrl(), token, enableTelemetry: false });
  const effects = new Map<number, number>();
  const crashed = new Set<number>();
  const options = { retries: 3, retryDelay: "2000 * pow(5, retried)", label: jobId };
  const chargerUrl = endpoint.workflow(`/${jobId}/charger`, async (context) => {
    const seq = Number(context.requestPayload["seq"]);
    await context.run("provision", () => {
      if (behaviour.failsBefore?.(seq, context.retried)) throw new Error("not yet");
      // A compare-and-set of the product makes a repeated effect a no-op; here it is counted.
      effects.set(seq, (effects.get(seq) ?? 0) + 1);
    });
  });
  const triggerSlice = async (from: number, total: number) => {
    const size = Math.min(sliceSize, total - from);
    const runs = Array.from({ length: size }, (_, at) => ({
      url: chargerUrl,
      workflowRunId: `${jobId}-${from + at}`,
      body: { seq: from + at },
      flowControl: { key: `prov-${jobId}`, parallelism: 20 },
      ...options,
    }));
    await client().trigger(runs);
    if (behaviour.crashesAfterTrigger && !crashed.has(from)) {
      crashed.add(from);
      throw new Error("crashed after the trigger");
    }
    return size;
  };
  const dispatchUrl = endpoint.workflow(`/${jobId}/dispatch`, async (context) => {
    const total = Number(context.requestPayload["total"]);
    for (let slice = 0; slice * sliceSize < total; slice++) {
      await context.run(`dispatch-${slice}`, () => triggerSlice(slice * sliceSize, total));
    }
  });
  return {
    effects,
    async trigger(total) {
      await client().trigger({ url: dispatchUrl, workflowRunId: jobId, body: { total }, ...options });
    },
  };
}
