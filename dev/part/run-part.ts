export type RunningPart = { url: string; close(): Promise<void> };

/**
 * Runs one part of the local stack as a child process. Its configuration is the JSON in BUSBAR_PART;
 * when `start` resolves, one line `{"url":…}` goes to stdout; it ends when its parent closes stdin, or
 * on SIGTERM or SIGINT. A failure is one line on stderr and exit code 1.
 */
export async function runPart(start: (config: unknown) => Promise<RunningPart>): Promise<void> {
  try {
    const part = await start(readConfig());
    const stop = once(() => void closeAndExit(part));
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    process.stdin.on("end", stop).on("error", stop).resume();
    process.stdout.write(`${JSON.stringify({ url: part.url })}\n`);
  } catch (error) {
    fail(error);
  }
}

function readConfig(): unknown {
  const text = process.env.BUSBAR_PART;
  if (!text) throw new Error("BUSBAR_PART is not set");
  // It may hold a password or a token, which child processes must not inherit.
  delete process.env.BUSBAR_PART;
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("BUSBAR_PART is not valid JSON");
  }
}

async function closeAndExit(part: RunningPart): Promise<void> {
  try {
    await part.close();
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(1);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "EADDRINUSE" && "port" in error) return `port ${error.port} is taken`;
  const message = error.message || ("code" in error ? String(error.code) : error.name);
  return message.replaceAll(/\s*\n\s*/g, " ");
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}
