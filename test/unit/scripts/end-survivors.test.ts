import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { identify, isAlive } from "../../../dev/stack/process-identity.ts";
import { endSurvivors } from "../../../scripts/end-survivors.mjs";
import { waitFor } from "../../harness/wait-for.ts";

const start = (env: Record<string, string>) => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 60000)"], { env, stdio: "ignore" });
  return { child, identity: identify(child.pid ?? 0) };
};

it.runIf(process.platform === "linux")(
  "a process left behind by a lane is named and ended, no other is touched",
  async () => {
    const run = randomUUID();
    const ours = start({ BUSBAR_TEST_RUN: run });
    const other = start({ BUSBAR_TEST_RUN: randomUUID() });
    const left = await endSurvivors("BUSBAR_TEST_RUN", run);
    expect(left).toHaveLength(1);
    expect(left[0]).toContain(String(ours.child.pid));
    // Without memory it is no survivor any more; a moment later it is no process either.
    await waitFor("the end of the process", () => !isAlive(ours.identity));
    expect(isAlive(other.identity)).toBe(true);
    other.child.kill("SIGKILL");
    expect(await endSurvivors("BUSBAR_TEST_RUN", run)).toEqual([]);
  },
);
