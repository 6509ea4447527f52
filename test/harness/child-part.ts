import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type ChildPart = {
  process: ChildProcess;
  /** Resolves with the announced address; rejects with what was logged when the process ends before. */
  url: Promise<string>;
  /** Everything written to stderr so far. */
  log(): string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

/** Starts `dev/<part>/main.ts` as the supervisor does. */
export function spawnPart(part: string, config: unknown, env: Record<string, string> = {}): ChildPart {
  const program = fileURLToPath(new URL(`../../dev/${part}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [program], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], BUSBAR_PART: JSON.stringify(config), ...env },
  });
  let log = "";
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const exited = once(child, "close").then(() => ({ code: child.exitCode, signal: child.signalCode }));
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.endsWith("\n")) resolve(announcedUrl(output));
    });
    void exited.then(() => reject(new Error(`ended before it was ready: ${log}`)));
  });
  url.catch(() => undefined);
  return { process: child, url, log: () => log, exited };
}

/** @throws when stdout holds anything but the one line of the announcement */
function announcedUrl(output: string): string {
  const value: unknown = JSON.parse(output);
  if (typeof value === "object" && value && "url" in value && Object.keys(value).length === 1)
    return String(value.url);
  throw new Error(`unexpected announcement: ${output}`);
}
