const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The output is a file that takes no more: nobody has gone, and what runs may run on. */
const TAKES_NO_MORE = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EIO"]);

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
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!TAKES_NO_MORE.has(error.code ?? "")) controller.abort();
    });
  return { stopped, signal: controller.signal };
}
