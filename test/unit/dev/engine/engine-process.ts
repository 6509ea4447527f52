import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { keys, token } from "./workflow-endpoint.ts";

const main = fileURLToPath(new URL("../../../../dev/engine/main.ts", import.meta.url));

export interface EngineProcess {
  url: string;
  /** SIGKILL, resolved when the process is gone. */
  kill(): Promise<void>;
  /** Ends it with a signal or, without one, by closing its stdin; resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface Exit {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts `dev/engine/main.ts` as a child, as the supervisor does. */
export async function startEngineProcess(options: object): Promise<EngineProcess> {
  const child = spawnEngine({ token, ...keys, hooks: true, timeScale: 0.01, ...options });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const line = await new Promise<string>((resolve, reject) => {
    if (child.stdout) createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`engine exited with ${code}: ${stderr}`)));
  });
  return {
    url: (JSON.parse(line) as { url: string }).url,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async stop(signal) {
      if (signal) child.kill(signal);
      else child.stdin?.end();
      return await exited;
    },
  };
}

/** Runs `main.ts` until it exits by itself. */
export async function runEngineToExit(options: object): Promise<Exit> {
  const child = spawnEngine({ token, ...keys, ...options });
  const exit: Exit = { code: null, stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (exit.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (exit.stderr += chunk.toString()));
  exit.code = await new Promise((resolve) => child.once("close", resolve));
  return exit;
}

function spawnEngine(options: object): ChildProcess {
  return spawn(process.execPath, [main], {
    env: { ...process.env, BUSBAR_PART: JSON.stringify(options) },
    stdio: ["pipe", "pipe", "pipe"],
  });
}
