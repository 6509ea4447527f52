import { expect, test } from "vitest";
import { cpuMs, parseTrace } from "../../bench/messages/process-usage.ts";

test("a trace of system calls is added up by kind of file, with calls that another thread interrupted counted once", () => {
  const trace = `7     pwrite64(35</data/objects/a b.sqlite-wal>, ""..., 4096, 32) = 4096
7     pwrite64(35</data/objects/ab.sqlite-wal>, ""..., 24, 8192 <unfinished ...>
9     fdatasync(35</data/objects/ab.sqlite-wal> <unfinished ...>
7     <... pwrite64 resumed>) = 24
9     <... fdatasync resumed>) = 0
7     pwritev(36</data/metadata.sqlite>, [{iov_base=""..., iov_len=100}], 1, 0) = 100
7     fsync(4</data/objects>) = 0
7     +++ exited with 0 +++`;
  expect(parseTrace(trace)).toEqual({
    bytes: 4220,
    writes: 3,
    syncs: 2,
    bytesByFile: { ".sqlite-wal": 4120, ".sqlite": 100 },
  });
});

test("an empty trace is no use of the disk", () => {
  expect(parseTrace("")).toEqual({ bytes: 0, writes: 0, syncs: 0, bytesByFile: {} });
});

test("the processor time of a process that does not exist is not known", () => {
  expect(cpuMs(2 ** 30)).toBeNull();
});
