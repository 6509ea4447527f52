import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

/**
 * Waits until a child process says that it is ready. Resolves to false when its output ends before.
 * Rejects when it says something else.
 */
export type Announcement = (child: ChildProcess) => Promise<boolean>;

const announcedUrl = z.object({ url: z.url() });
const listening = z.object({ event: z.literal("listen"), socket: z.string() });

/** The part prints `{"url": "http://127.0.0.1:PORT"}` as its only line on stdout. */
export const announcesUrl: Announcement = async (child) => {
  if (!child.stdout) throw new Error("the part has no stdout");
  for await (const line of createInterface({ input: child.stdout })) {
    announcedUrl.parse(JSON.parse(line));
    return true;
  }
  return false;
};

/** workerd writes one JSON event per listening socket to file descriptor 3 (`--control-fd=3`). */
export function announcesSockets(sockets: readonly string[]): Announcement {
  return async (child) => {
    const control = child.stdio[3];
    if (!(control instanceof Readable)) throw new Error("the part has no control channel");
    const missing = new Set(sockets);
    for await (const line of createInterface({ input: control })) {
      const event = listening.safeParse(JSON.parse(line));
      if (event.success) missing.delete(event.data.socket);
      if (missing.size === 0) return true;
    }
    return false;
  };
}

/** Any HTTP answer at `url` means ready; false when the process ends before. */
export function answersAt(url: string): Announcement {
  return async (child) => {
    while (child.exitCode === null && child.signalCode === null) {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
      await answer?.body?.cancel();
      if (answer) return true;
      await delay(100);
    }
    return false;
  };
}
