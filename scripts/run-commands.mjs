import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Environment in which the project's own tools, and the Node that came with them, are found first. */
export function toolEnvironment(extra = {}) {
  return {
    ...process.env,
    ...extra,
    PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
  };
}

/**
 * Runs one command to its end without input.
 * `output` is everything it wrote when `capture` is set; else it writes to the terminal itself.
 */
export function runCommand(command, args, { capture = false, env = toolEnvironment() } = {}) {
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const stdio = ["ignore", capture ? "pipe" : "inherit", capture ? "pipe" : "inherit"];
    const child = spawn(command, args, { cwd: root, env, stdio });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
    const finish = (code) => resolve({ code, output, seconds: (Date.now() - startedAt) / 1000 });
    child.once("error", (error) => {
      output += `${error.message}\n`;
      finish(1);
    });
    child.once("close", (code) => finish(code ?? 1));
  });
}
