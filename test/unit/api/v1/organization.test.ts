import { describe, expect, it } from "vitest";
import { bodyOf, createWorld, post, type World } from "../access-world.ts";

const PATH = "/api/v1/organization";
const published: Array<{ id: string; total: number }> = [];

function world(): World {
  published.length = 0;
  const runs = { applyEffects: async (batch: { id: string; total: number }) => void published.push(batch) };
  return createWorld({ RATE_LIMIT_REQUESTS: "600" }, { runs: runs as unknown as World["ports"]["runs"] });
}

async function ask(at: World, method: string, role: "viewer" | "operator" | "owner", body?: unknown) {
  const { headers } = post(await at.apiKey(role), body);
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await at.request(PATH, init);
  return { status: response.status, body: await bodyOf(response) };
}

const initial = {
  name: "acme",
  slug: "acme",
  acceptUnknownIdTags: true,
  transferHosts: null,
  wsUrlHosts: null,
  allowUnauthenticatedChargers: true,
  masterPassGroupId: null,
  tagCacheSeconds: null,
  transactionUpdateSeconds: 60,
  chargerLimit: 1_000_000,
  openJobLimit: 20,
  rateLimit: 600,
};

describe("an organisation", () => {
  it("is shown to every role", async () => {
    expect(await ask(world(), "GET", "viewer")).toEqual({ status: 200, body: initial });
  });

  it("is changed by owners, and a run passes the change to its sessions", async () => {
    const at = world();
    const changes = {
      name: "Acme Ltd",
      acceptUnknownIdTags: false,
      transferHosts: ["*.example.com"],
      allowUnauthenticatedChargers: false,
      masterPassGroupId: "POLICE",
      tagCacheSeconds: 3600,
      transactionUpdateSeconds: 0,
    };
    expect(await ask(at, "PATCH", "owner", changes)).toEqual({
      status: 200,
      body: { ...initial, ...changes },
    });
    await at.settled();
    expect(published).toMatchObject([{ id: "effects-1", total: 2 }]);
    expect((await ask(at, "GET", "viewer")).body).toEqual({ ...initial, ...changes });
  });

  it("is left as it is by an empty body", async () => {
    const at = world();
    expect(await ask(at, "PATCH", "owner", {})).toEqual({ status: 200, body: initial });
    expect(published).toEqual([]);
  });

  it("is not changed by a smaller role", async () => {
    const at = world();
    for (const role of ["viewer", "operator"] as const)
      expect((await ask(at, "PATCH", role, { name: "X" })).status).toBe(403);
  });

  it.each([
    ["slug", { slug: "other" }],
    ["chargerLimit", { chargerLimit: 5 }],
    ["openJobLimit", { openJobLimit: 5 }],
    ["rateLimit", { rateLimit: 5 }],
    ["acceptUnknownIdTags", { acceptUnknownIdTags: "yes" }],
    ["acceptUnknownIdTags", { acceptUnknownIdTags: null }],
    ["allowUnauthenticatedChargers", { allowUnauthenticatedChargers: null }],
    ["masterPassGroupId", { masterPassGroupId: "with a space" }],
    ["masterPassGroupId", { masterPassGroupId: "G".repeat(37) }],
    ["tagCacheSeconds", { tagCacheSeconds: 0 }],
    ["transactionUpdateSeconds", { transactionUpdateSeconds: 3601 }],
    ["transactionUpdateSeconds", { transactionUpdateSeconds: null }],
    ["name", { name: "" }],
    ["transferHosts", { transferHosts: ["https://files.example.com/path"] }],
    ["wsUrlHosts", { wsUrlHosts: ["*"] }],
    ["wsUrlHosts", { wsUrlHosts: Array.from({ length: 101 }, (_, n) => `h${n}.example.com`) }],
  ])("refuses what cannot be set: %s in %o", async (field, body) => {
    const at = world();
    const answer = await ask(at, "PATCH", "owner", body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: {
        code: "VALIDATION_ERROR",
        issues: [{ location: "body", path: expect.arrayContaining([field]) }],
      },
    });
    expect((await ask(at, "GET", "viewer")).body).toEqual(initial);
  });
});
