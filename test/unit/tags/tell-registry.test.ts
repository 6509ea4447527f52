import { expect, test, vi } from "vitest";
import { Unavailable } from "../../../src/errors.ts";
import type { TagEffect, TagRegistries, TagRegistryStore, TagUpdate } from "../../../src/ports.ts";
import { applyTagEffects, tagSliceCount } from "../../../src/tags/apply-tag-effects.ts";
import { tellRegistry } from "../../../src/tags/tell-registry.ts";
import { unusedPort } from "../api/fake-ports.ts";

const organizationId = "organization";
const update: TagUpdate = { organizationId, shard: 3, version: 5, tags: [], gone: ["card"] };

/** A registry that holds `newest`, and a database that has come as far as `version`. */
function ports({ newest = 5, version = 5, effects = [] as TagEffect[], isDown = (): boolean => false } = {}) {
  const put: TagUpdate[] = [];
  const reloaded: number[] = [];
  const done: number[][] = [];
  const published: string[] = [];
  let at = version;
  const tagRegistry: TagRegistryStore = {
    ...unusedPort<TagRegistryStore>("tagRegistry"),
    pending: async (_batchId, from, to) => effects.filter(({ seq }) => seq >= from && seq < to),
    current: async (_organizationId, shard, keys) => ({ ...update, shard, version: at, gone: keys }),
    done: async (_batchId, seqs) => void done.push(seqs.toSorted((a, b) => a - b)),
    async raiseVersion(_organizationId, seen) {
      const isBelow = at < seen;
      if (isBelow) at = seen + 1;
      return isBelow;
    },
  };
  const tagRegistries: TagRegistries = {
    async put(told) {
      if (isDown()) throw new Unavailable("away");
      put.push(told);
      return Math.max(newest, told.version);
    },
    reload: async (_organizationId, shard) => void reloaded.push(shard),
    reloadVendors: () => Promise.reject(new Error("not expected here")),
  };
  const runs = { applyTagEffects: async ({ id }: { id: string }) => void published.push(id) };
  return { tagRegistry, tagRegistries, runs: runs as never, put, reloaded, done, published };
}

const background = (work: Promise<unknown>) => void work;
const told = { effects: { id: "batch", total: 1 }, update };

test("a change is told to the registry within the request, and its effect is deleted", async () => {
  const at = ports();
  await tellRegistry(at, told, background);
  await vi.waitFor(() => expect(at.done).toEqual([[0]]));
  expect([at.put, at.published]).toEqual([[update], []]);
});

test("a registry that cannot be reached leaves the effect, and its run is started", async () => {
  const at = ports({ isDown: () => true });
  await tellRegistry(at, told, background);
  expect([at.put, at.done, at.published]).toEqual([[], [], ["batch"]]);
});

test("a registry that is ahead of a restored database has the version raised, and is told the state anew", async () => {
  const at = ports({ newest: 40, version: 5 });
  await tellRegistry(at, told, background);
  expect(at.put.map(({ version }) => version)).toEqual([5, 41]);
});

test("a registry that another change was told to before is not told again", async () => {
  const at = ports({ newest: 6, version: 6 });
  await tellRegistry(at, told, background);
  expect(at.put.map(({ version }) => version)).toEqual([5]);
});

const effect = (seq: number, shard: number, key: string | null): TagEffect => ({
  seq,
  organizationId,
  shard,
  key,
});

test("a slice tells each shard once what its tags are now, and looks at whole shards", async () => {
  const at = ports({
    effects: [effect(0, 1, "a"), effect(1, 2, "b"), effect(2, 1, "c"), effect(3, 1, "a"), effect(4, 7, null)],
  });
  expect(await applyTagEffects(at, "batch", 0)).toBe(5);
  expect(at.put.map(({ shard, gone }) => [shard, gone])).toEqual([
    [1, ["a", "c"]],
    [2, ["b"]],
  ]);
  expect([at.reloaded, at.done]).toEqual([[7], [[0, 1, 2, 3, 4]]]);
});

test("effects of a shard that cannot be reached stay, and the others are deleted", async () => {
  let calls = 0;
  const at = ports({ effects: [effect(0, 1, "a"), effect(1, 2, "b")], isDown: () => ++calls === 1 });
  await expect(applyTagEffects(at, "batch", 0)).rejects.toThrow(Unavailable);
  expect(at.done.flat()).toHaveLength(1);
});

test("a run has as many slices as its batch needs", () => {
  expect([1, 500, 501, 10_000].map(tagSliceCount)).toEqual([1, 1, 2, 20]);
});
