import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ended } from "../../../harness/stack.ts";

const module = join(import.meta.dirname, "../../../../dev/stack/stop-request.ts");

/** Writes to stderr, waits until the failure has been told, and exits with 7 when it was asked to stop. */
const PROGRAM = `const { stopRequest } = await import(${JSON.stringify(module)});
  const { signal } = stopRequest();
  process.stderr.on("error", () => setImmediate(() => process.exit(signal.aborted ? 7 : 0)));
  process.stderr.write("a line of the log\\n");`;

const run = (stderr: number | "pipe") =>
  spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], { stdio: ["ignore", "pipe", stderr] });

it("a full disk under the output file does not stop the stack", async () => {
  expect((await ended(run(openSync("/dev/full", "w")))).code).toBe(0);
});

it("a closed terminal stops the stack", async () => {
  const child = run("pipe");
  child.stderr?.destroy();
  expect((await ended(child)).code).toBe(7);
});
