import { presentMeter } from "./meter.ts";

/** `write_before` guards a write of the same transaction (docs/adr/0012). */
const IS_GUARD = /\bwrite_before\s*\(/;

/**
 * Has timers and statements counted that are started on behalf of an object. What the Worker itself does is left alone.
 * Loaded before the product, so that nothing keeps the functions of the runtime.
 */
const { setTimeout: setRealTimeout, clearTimeout: clearRealTimeout, fetch: realFetch } = globalThis;
const timeoutSignal = AbortSignal.timeout.bind(AbortSignal);
const realWait = scheduler.wait.bind(scheduler);

/** How a timer of an object is cleared, by its handle. Those of the runtime are positive. */
const clearing = new Map<number, () => void>();
let nextHandle = -1;

function countedTimeout(run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): unknown {
  const meter = presentMeter();
  if (!meter) return setRealTimeout(run, ms, ...args);
  const handle = nextHandle--;
  const ring = () => {
    clearing.delete(handle);
    run(...args);
  };
  clearing.set(handle, meter.startTimer(ring, ms));
  return handle;
}

function clearCounted(handle: number | null | undefined): void {
  const clear = clearing.get(handle ?? 0);
  if (!clear) return clearRealTimeout(handle as never);
  clearing.delete(handle ?? 0);
  clear();
}

function countedFetch(...request: Parameters<typeof fetch>): Promise<Response> {
  const send = () => realFetch(...request);
  return presentMeter()?.send(statementsIn(...request), send) ?? send();
}

function statementsIn(target: RequestInfo | URL, options?: RequestInit): number {
  const url = new URL(target instanceof Request ? target.url : target);
  if (!url.pathname.endsWith("/sql") || typeof options?.body !== "string") return 0;
  const sent = JSON.parse(options.body) as { query: string } | { queries: { query: string }[] };
  const statements = "queries" in sent ? sent.queries : [sent];
  return statements.filter(({ query }) => !IS_GUARD.test(query)).length;
}

Object.assign(globalThis, { setTimeout: countedTimeout, clearTimeout: clearCounted, fetch: countedFetch });

Object.assign(scheduler, {
  wait(ms: number, options?: SchedulerWaitOptions) {
    const meter = presentMeter();
    if (!meter) return realWait(ms, options);
    return new Promise<void>((resolve) => meter.startTimer(resolve, ms));
  },
});

Object.assign(AbortSignal, {
  timeout(ms: number) {
    presentMeter()?.noteTimer(ms);
    return timeoutSignal(ms);
  },
});
