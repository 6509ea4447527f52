import { describe, expect, it } from "vitest";
import { judgeKnownTag, tagKey, type KnownTag, type TagRules } from "../../../src/ocpp/tag-judgement.ts";
import { groupTag, idTagInfo } from "../../../src/ocpp/v16/id-tag-info.ts";
import { idTokenInfo } from "../../../src/ocpp/v2x/id-token.ts";

const NOW_MS = Date.parse("2026-11-21T10:00:00.000Z");
const LATER = "2026-11-21T11:00:00.000Z";
const known: KnownTag = { blocked: false, expiresAtMs: null, groupId: null, type: null, isValidHere: true };
const rules: TagRules = { acceptsUnknown: false, cacheSeconds: null, masterPassGroupId: null };

interface Row {
  tag: Partial<KnownTag> | null;
  rules?: Partial<TagRules>;
  type?: string;
  words: [v16: string, v2x: string];
}

const ROWS: Record<string, Row> = {
  "that is stored is accepted": { tag: {}, words: ["Accepted", "Accepted"] },
  "that nobody stored is unknown": { tag: null, words: ["Invalid", "Unknown"] },
  "that nobody stored is accepted where the organisation accepts unknown ones": {
    tag: null,
    rules: { acceptsUnknown: true },
    words: ["Accepted", "Accepted"],
  },
  "that is blocked is refused, also where unknown ones are accepted": {
    tag: { blocked: true },
    rules: { acceptsUnknown: true },
    words: ["Blocked", "Blocked"],
  },
  "past its expiry is expired": { tag: { expiresAtMs: NOW_MS }, words: ["Expired", "Expired"] },
  "before its expiry is accepted": { tag: { expiresAtMs: NOW_MS + 1 }, words: ["Accepted", "Accepted"] },
  "of another charger is refused there": {
    tag: { isValidHere: false },
    rules: { acceptsUnknown: true },
    words: ["Invalid", "NotAtThisLocation"],
  },
  "of the master pass is accepted at every charger": {
    tag: { isValidHere: false, groupId: "POLICE" },
    rules: { masterPassGroupId: "POLICE" },
    words: ["Accepted", "Accepted"],
  },
  "of the master pass that is blocked is refused": {
    tag: { blocked: true, groupId: "POLICE" },
    rules: { masterPassGroupId: "POLICE" },
    words: ["Blocked", "Blocked"],
  },
  "of the type it was stored with is accepted": {
    tag: { type: "ISO14443" },
    type: "ISO14443",
    words: ["Accepted", "Accepted"],
  },
  "of another type than it was stored with is unknown": {
    tag: { type: "ISO14443" },
    type: "KeyCode",
    words: ["Invalid", "Unknown"],
  },
  "that was stored without a type is accepted with any": {
    tag: {},
    type: "eMAID",
    words: ["Accepted", "Accepted"],
  },
};

describe("a tag", () => {
  it.each(Object.entries(ROWS))("%s", (_name, { tag, rules: changed, type = null, words }) => {
    const verdict = judgeKnownTag(
      tag && { ...known, ...tag },
      { ...rules, ...changed },
      { type, nowMs: NOW_MS },
    );
    expect([idTagInfo(verdict).status, idTokenInfo(verdict).status]).toEqual(words);
  });

  it.each([
    [null, null, undefined],
    [LATER, null, LATER],
    [null, 600, "2026-11-21T10:10:00.000Z"],
    [LATER, 600, "2026-11-21T10:10:00.000Z"],
    [LATER, 7200, LATER],
  ])("that expires at %s, with %s s in caches, leaves a cache at %s", (expiry, cacheSeconds, expected) => {
    const tag = { ...known, expiresAtMs: expiry === null ? null : Date.parse(expiry) };
    const verdict = judgeKnownTag(tag, { ...rules, cacheSeconds }, { type: null, nowMs: NOW_MS });
    expect([idTagInfo(verdict).expiryDate, idTokenInfo(verdict).cacheExpiryDateTime]).toEqual([
      expected,
      expected,
    ]);
  });

  it("of a group names it in every answer, a refusal too", () => {
    for (const blocked of [false, true]) {
      const tag = { ...known, blocked, groupId: "FLEET-1" };
      const verdict = judgeKnownTag(tag, rules, { type: null, nowMs: NOW_MS });
      expect(idTagInfo(verdict).parentIdTag).toBe("FLEET-1");
      expect(idTokenInfo(verdict).groupIdToken).toEqual({ idToken: "FLEET-1", type: "Central" });
    }
  });

  it("is compared without regard to case", () => {
    expect(tagKey("Rfid001")).toBe(tagKey("RFID001"));
  });
});

describe("a group of more than 20 characters", () => {
  it("has a name of its own on 1.6, of at most 20 characters", () => {
    const long = "fleet-of-the-company-number-";
    const names = Array.from({ length: 1000 }, (_, index) => groupTag(`${long}${index}`));
    expect(new Set(names).size).toBe(1000);
    expect(names.every((name) => name.length <= 20)).toBe(true);
  });
});
