const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The first signal that asks this process to end. Later ones are ignored, so that an impatient Ctrl-C leaves no
 * process behind.
 */
export function stopRequest(): { stopped: Promise<void>; signal: AbortSignal } {
  const controller = new AbortController();
  const stopped = new Promise<void>((resolve) =>
    controller.signal.addEventListener("abort", () => resolve()),
  );
  for (const signal of SIGNALS) process.on(signal, () => controller.abort());
  return { stopped, signal: controller.signal };
}
