import { existsSync, readdirSync, readFileSync } from "node:fs";

const GRACE_MS = 2000;
const POLL_INTERVAL_MS = 50;

/** Living processes that were started with NAME=VALUE in their environment, this one and its parents excepted. */
function marked(name, value) {
  const needle = `${name}=${value}`;
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(needle);
      const isZombie = / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/\(.*\)/, ""));
      if (!isOurs || isZombie) return [];
      return [{ pid, title: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() }];
    } catch {
      return [];
    }
  });
}

/** The marked processes that still run after `graceMs`; returns as soon as there are none. */
async function leftAfter(graceMs, name, value) {
  const deadline = Date.now() + graceMs;
  let left = marked(name, value);
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    left = marked(name, value);
  }
  return left;
}

/**
 * Kills the processes that a finished command left running, recognised by a variable that only the command was given. Those
 * that end by themselves within two seconds are not counted. Returns one line per killed process. Works on Linux only;
 * elsewhere it finds nothing.
 */
export async function endSurvivors(name, value) {
  if (!existsSync("/proc/self/environ")) return [];
  const left = await leftAfter(GRACE_MS, name, value);
  for (const { pid } of left) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended in the meantime.
    }
  }
  // A busy machine takes a moment to end what was killed.
  if (left.length > 0) await leftAfter(GRACE_MS, name, value);
  return left.map(({ pid, title }) => `${pid} ${title}`);
}
