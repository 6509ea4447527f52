import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { residentBytes } from "../../../../dev/stack/resident-memory.ts";

it("memory of children and grandchildren is counted until they have ended", async () => {
  const hungry =
    "const held = Buffer.alloc(150 << 20, 1); console.log(held.length); setInterval(() => {}, 1000)";
  const between = `const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", ${JSON.stringify(hungry)}], { stdio: ["ignore", "inherit", "inherit"] });
    process.on("SIGTERM", () => { child.kill("SIGKILL"); child.on("exit", () => process.exit(0)); });`;
  const before = residentBytes(process.pid);
  const child = spawn(process.execPath, ["-e", between], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const during = residentBytes(process.pid);
  child.kill("SIGTERM");
  await once(child, "exit");
  const after = residentBytes(process.pid);
  expect(during - before).toBeGreaterThan(150 * 2 ** 20);
  expect(during - after).toBeGreaterThan(150 * 2 ** 20);
});
