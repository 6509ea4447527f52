import { expect, it } from "vitest";
import { createWorld } from "../access-world.ts";
import type { IdTag, IdTagStore } from "../../../../src/ports.ts";

const tagOf = (n: number): IdTag => ({
  id: `tag_01JKB2M3N4P5Q6R7S8T9V0W1X${n}`,
  idTag: `T${n}`,
  type: null,
  groupId: null,
  name: null,
  status: "active",
  expiresAt: null,
  isScoped: false,
  source: "api",
  createdAt: new Date(0),
  updatedAt: new Date(0),
});

it.each([
  [
    4,
    2,
    [
      ["T4", "T3"],
      ["T2", "T1"],
    ],
  ],
  [3, 2, [["T3", "T2"], ["T1"]]],
  [2, 2, [["T2", "T1"]]],
])(
  "pages after a tag of %i tags with %i each end with the last tag, never with an empty page",
  async (count, limit, expected) => {
    const tags = Array.from({ length: count }, (_, n) => tagOf(count - n));
    const world = createWorld();
    const listAfter: IdTagStore["listAfter"] = async (_organization, _status, page) =>
      tags.filter(({ id }) => page.after === null || id < page.after).slice(0, page.limit);
    world.ports.idTags = { listAfter } as Partial<IdTagStore> as IdTagStore;
    const headers = { "x-api-key": await world.apiKey("viewer") };
    const pages: string[][] = [];
    for (let next: string | null = tagOf(9).id; next !== null;) {
      const response = await world.request(`/api/v1/id-tags?limit=${limit}&after=${next}`, { headers });
      const body = (await response.json()) as { idTags: { idTag: string }[]; next: string | null };
      pages.push(body.idTags.map(({ idTag }) => idTag));
      next = body.next;
    }
    expect(pages).toEqual(expected);
  },
);
