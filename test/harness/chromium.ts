import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const BROWSER = "/usr/bin/chromium";

/** Flags for a browser in a container that makes no requests of its own. */
export const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Path of Debian's chromium, which is installed if possible. Null, with a message, if it is not.
 * @throws Error under CI=true, where no lane may be skipped
 */
export function findChromium(): string | null {
  if (!existsSync(BROWSER) && process.getuid?.() === 0) install();
  if (existsSync(BROWSER)) return BROWSER;
  const reason = `no ${BROWSER}: install Debian's package "chromium" to run the browser tests`;
  if (process.env["CI"] === "true") throw new Error(reason);
  process.stderr.write(`SKIPPED: ${reason}\n`);
  return null;
}

function install(): void {
  const options = { stdio: "ignore", timeout: 300_000 } as const;
  if (spawnSync("apt-get", ["update"], options).status !== 0) return;
  spawnSync("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], options);
}
