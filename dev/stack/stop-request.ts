const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The first thing that asks this process to end: a signal, or nobody reading its output any more. Later ones are
 * ignored, so that an impatient Ctrl-C leaves no process behind.
 */
export function stopRequest(): { stopped: Promise<void>; signal: AbortSignal } {
  const controller = new AbortController();
  const stopped = new Promise<void>((resolve) =>
    controller.signal.addEventListener("abort", () => resolve()),
  );
  for (const signal of SIGNALS) process.on(signal, () => controller.abort());
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => controller.abort());
  return { stopped, signal: controller.signal };
}
