const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Write errors of an output file, which are no reason to stop. */
const FILE_ERRORS = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EIO"]);

/**
 * Resolves and aborts at the first request to stop: SIGINT, SIGTERM, SIGHUP, or a closed output pipe. Later ones are ignored, so
 * that a second Ctrl-C does not interrupt the orderly stop.
 */
export function stopRequest(): { stopped: Promise<void>; signal: AbortSignal } {
  const controller = new AbortController();
  const stopped = new Promise<void>((resolve) =>
    controller.signal.addEventListener("abort", () => resolve()),
  );
  for (const signal of SIGNALS) process.on(signal, () => controller.abort());
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!FILE_ERRORS.has(error.code ?? "")) controller.abort();
    });
  return { stopped, signal: controller.signal };
}
