import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockDirectory } from "../../../../dev/sql/lock-directory.ts";

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "busbar-lock-"));
  directory = join(parent, "data");
});
afterEach(() => rm(parent, { recursive: true }));

it("refuses a second lock of the same process until the first is released", async () => {
  const first = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toThrow(`is in use by process ${process.pid}`);
  await first.release();
  await (await lockDirectory(directory)).release();
  expect(await readdir(parent)).toEqual([]);
});

it("takes over a lock whose pid now belongs to a process that started at another time", async () => {
  await writeFile(`${directory}.lock`, JSON.stringify({ pid: process.pid, startedAt: "1" }));
  await (await lockDirectory(directory)).release();
  expect(await readdir(parent)).toEqual([]);
});

it.each(["", "{", "null", `{"pid":"x"}`, `{"pid":4194305,"startedAt":"1"}`])(
  "takes over a lock with the content %j, which no living process wrote",
  async (content) => {
    await writeFile(`${directory}.lock`, content);
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toThrow("is in use");
    await lock.release();
  },
);

it("gives a stale lock to exactly one of many starts at the same time", async () => {
  await writeFile(`${directory}.lock`, JSON.stringify({ pid: process.pid, startedAt: "1" }));
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await readdir(parent)).toEqual(["data.lock"]);
});

it("leaves a lock alone that is no longer its own", async () => {
  const lock = await lockDirectory(directory);
  await writeFile(`${directory}.lock`, "somebody else's");
  await lock.release();
  expect(existsSync(`${directory}.lock`)).toBe(true);
});
