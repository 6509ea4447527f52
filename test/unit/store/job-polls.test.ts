import { describe, expect, test } from "vitest";
import type { Job } from "../../../src/ports.ts";
import { JobPolls } from "../../../src/store/job-polls.ts";

const TOTAL = 10_000;

function job(created: number): Job {
  const isDone = created === TOTAL;
  return {
    id: "job",
    type: "location_chargers_create",
    status: isDone ? "READY" : "PROVISIONING",
    workflowRunId: null,
    error: null,
    provisionedAt: null,
    progress: { total: TOTAL, created, failed: 0, pending: TOTAL - created },
    revision: isDone ? TOTAL : null,
    results: isDone ? { created: [], failed: [] } : null,
  };
}

/** A database that shows what is at the moment of the look, and counts looks. */
function source() {
  const state = { created: 0, looks: 0, isDown: false, isGone: false };
  const load = async () => {
    state.looks += 1;
    const seen = state.isGone ? null : job(state.created);
    await new Promise((resolve) => setImmediate(resolve));
    if (state.isDown) throw new Error("down");
    return seen;
  };
  return { state, load };
}

describe("polls of a running job", () => {
  test("1,000 at once over ten seconds cost a few reads each second, and progress moves", async () => {
    const polls = new JobPolls();
    const { state, load } = source();
    const seen: number[] = [];
    for (let nowMs = 0; nowMs < 10_000; nowMs += 250) {
      state.created = nowMs;
      const answers = await Promise.all(Array.from({ length: 1000 }, () => polls.get("k", load, nowMs)));
      const created = answers.map((answer) => answer?.progress.created ?? -1);
      expect(Math.min(...created)).toBeGreaterThanOrEqual(nowMs - 1000);
      seen.push(Math.max(...created));
    }
    expect(state.looks).toBeLessThanOrEqual(21);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(10);
  });

  test("the end is seen by the next read, and is never followed by an earlier state", async () => {
    const polls = new JobPolls();
    const { state, load } = source();
    await polls.get("k", load, 0);
    const slow = Promise.withResolvers<Job>();
    const late = polls.get("k", () => slow.promise, 600);
    state.created = TOTAL;
    expect((await polls.get("k", load, 1700))?.status).toBe("READY");
    slow.resolve(job(5));
    await late;
    expect((await polls.get("k", load, 1701))?.status).toBe("READY");
  });

  test("a final answer is read afresh each time and not kept", async () => {
    const polls = new JobPolls();
    const { state, load } = source();
    state.created = TOTAL;
    await polls.get("k", load, 0);
    await polls.get("k", load, 1);
    expect(state.looks).toBe(2);
  });

  test("a job that does not exist is not remembered", async () => {
    const polls = new JobPolls();
    const { state, load } = source();
    state.isGone = true;
    const answers = await Promise.all(Array.from({ length: 5 }, () => polls.get("k", load, 0)));
    expect(answers).toEqual([null, null, null, null, null]);
    state.isGone = false;
    expect(await polls.get("k", load, 1)).not.toBeNull();
  });

  test("while the database is away the last state is served for five seconds, then its failure", async () => {
    const polls = new JobPolls();
    const { state, load } = source();
    await polls.get("k", load, 0);
    state.isDown = true;
    const outage = () => Promise.allSettled(Array.from({ length: 10 }, () => polls.get("k", load, 1000)));
    expect((await outage()).filter(({ status }) => status === "fulfilled")).toHaveLength(9);
    await expect(polls.get("k", load, 6000)).rejects.toThrow("down");
    state.isDown = false;
    expect(await polls.get("k", load, 6001)).not.toBeNull();
  });

  test("a reader that never returns is replaced after a second", async () => {
    const polls = new JobPolls();
    const { load } = source();
    void polls.get("k", () => new Promise(() => undefined), 0);
    expect(await polls.get("k", load, 1500)).toEqual(job(0));
  });

  test("a change of its status shows at once, also when a read that began before it ends after it", async () => {
    const polls = new JobPolls();
    const { state, load } = source();
    await polls.get("job of one", load, 0);
    state.created = TOTAL;
    polls.forget("job");
    expect((await polls.get("job of one", load, 1))?.status).toBe("READY");

    const slow = Promise.withResolvers<Job>();
    const early = polls.get("job of one", () => slow.promise, 2);
    polls.forget("job");
    slow.resolve(job(5));
    await early;
    expect((await polls.get("job of one", load, 3))?.status).toBe("READY");
  });
});
