import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createApiKeyMaterial, looksLikeApiKey } from "../../../../src/fleet/keys/api-key-material.ts";
import { systemIds, ulidOf } from "../../../../src/fleet/ids.ts";
import { isOrganizationSlug, slugOf } from "../../../../src/fleet/slugs.ts";

describe("API keys", () => {
  it.each(["live", "test"] as const)(
    "are 43 random base62 characters behind cap_%s_",
    async (environment) => {
      const { key, prefix, digest } = await createApiKeyMaterial(environment);
      expect(key).toMatch(new RegExp(`^cap_${environment}_[0-9A-Za-z]{43}$`));
      expect(prefix).toBe(`${key.slice(0, 13)}****`);
      expect(digest).toBe(createHash("sha256").update(key).digest("hex"));
      expect(looksLikeApiKey(key)).toBe(true);
    },
  );

  it("use every character about as often as any other", async () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 500; i++) {
      const { key } = await createApiKeyMaterial("live");
      for (const char of key.slice(9)) counts.set(char, (counts.get(char) ?? 0) + 1);
    }
    const expected = (500 * 43) / 62;
    expect(counts.size).toBe(62);
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(expected / 2);
  });
});

describe("ULIDs", () => {
  it("keep the bits of a UUID and so its order", () => {
    expect(ulidOf("ffffffff-ffff-ffff-ffff-ffffffffffff")).toBe("7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    expect(ulidOf("00000000-0000-0000-0000-000000000020")).toBe("00000000000000000000000010");
    const made = Array.from({ length: 100 }, () => ulidOf(systemIds.uuid()));
    expect(made).toEqual(made.toSorted());
  });
});

describe("organisation slugs", () => {
  it.each(["chargers", "locations", "catalog", "Acme", "a--b", "-a", "a-", "", "a".repeat(64), "a/b"])(
    "cannot be %o",
    (slug) => {
      expect(isOrganizationSlug(slug)).toBe(false);
    },
  );

  it.each([
    ["Acme Corp.", "acme-corp"],
    ["  Älvsborg & Co ", "alvsborg-co"],
    ["!!!", ""],
  ])("%o becomes %o", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });
});
