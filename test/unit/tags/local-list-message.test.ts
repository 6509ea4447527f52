import fc from "fast-check";
import { expect, it } from "vitest";
import type { ListedEntries, ListTag } from "../../../src/ports.ts";
import { idTagMax, listedEntries, nextMessage } from "../../../src/tags/local-list-message.ts";

const NO_LIMITS = { itemsMax: null, bytesMax: null };

function tag(idTag: string, fields: Partial<ListTag> = {}): ListTag {
  const key = idTag.toLowerCase();
  return { key, idTag, type: null, groupId: null, blocked: false, expiresAtMs: null, ...fields };
}

const of = (...tags: ListTag[]) => listedEntries(tags, "ocpp2.0.1");

it("an unknown list is replaced, a known one is changed, and an equal one is left alone", () => {
  const wanted = of(tag("Card"), tag("Other", { blocked: true }));
  expect(nextMessage(null, wanted, NO_LIMITS)).toEqual({
    updateType: "Full",
    entries: [
      { idTag: "Card", status: "Accepted", type: "ISO14443" },
      { idTag: "Other", status: "Blocked", type: "ISO14443" },
    ],
    after: wanted,
  });
  expect(nextMessage(wanted, wanted, NO_LIMITS)).toBeNull();
  const changed = of(tag("Card", { groupId: "G", type: "eMAID", expiresAtMs: 0 }), tag("Third"));
  const first = nextMessage(wanted, of(tag("Card"), tag("Third")), NO_LIMITS);
  expect(first).toMatchObject({
    updateType: "Differential",
    entries: [
      { idTag: "Other", status: null, type: "ISO14443" },
      { idTag: "Third", status: "Accepted", type: "ISO14443" },
    ],
  });
  expect(nextMessage(null, changed, NO_LIMITS)?.entries[0]).toEqual({
    idTag: "Card",
    status: "Accepted",
    type: "eMAID",
    expiryDate: "1970-01-01T00:00:00.000Z",
    parentIdTag: "G",
  });
});

it("a list that is to be empty is replaced by an empty one", () => {
  expect(nextMessage(null, {}, NO_LIMITS)).toEqual({ updateType: "Full", entries: [], after: {} });
  expect(nextMessage(of(tag("A"), tag("B")), {}, NO_LIMITS)).toMatchObject({
    updateType: "Full",
    entries: [],
  });
});

it("a 1.6 list has no types, and tags of up to 20 characters", () => {
  expect(listedEntries([tag("Card", { type: "eMAID" })], "ocpp1.6")).toEqual({
    card: ["Card", null, '["Accepted",null,null]'],
  });
  expect([idTagMax("ocpp1.6"), idTagMax("ocpp2.0.1"), idTagMax("ocpp2.1")]).toEqual([20, 36, 36]);
});

const tags = fc
  .uniqueArray(
    fc.record({
      name: fc.integer({ min: 0, max: 40 }),
      isUpper: fc.boolean(),
      type: fc.constantFrom(null, "eMAID", "Central"),
      groupId: fc.constantFrom(null, "G"),
      blocked: fc.boolean(),
      expiresAtMs: fc.constantFrom(null, 1_800_000_000_000),
    }),
    { selector: ({ name }) => name, maxLength: 40 },
  )
  .map((all) =>
    all.map(({ name, isUpper, ...rest }) => tag(isUpper ? `CARD-${name}` : `card-${name}`, rest)),
  );
const limit = fc.option(fc.integer({ min: 1, max: 12 }));
const bytes = fc.option(fc.integer({ min: 100, max: 2000 }));

it("messages within the station's limits bring it from any list to any other one, at most the first of them a full one", () => {
  fc.assert(
    fc.property(fc.option(tags), tags, limit, bytes, (before, after, itemsMax, bytesMax) => {
      const wanted = of(...after);
      let held: ListedEntries | null = before && of(...before);
      /** Tokens as a station keeps them. */
      const station = new Map(Object.values(held ?? {}).map(([idTag, type]) => [`${idTag} ${type}`, true]));
      if (!held) station.set("left over", true);
      for (let sent = 0; ; sent += 1) {
        const message = nextMessage(held, wanted, { itemsMax, bytesMax });
        if (!message) break;
        expect(sent).toBeLessThan(200);
        expect(message.entries.length).toBeLessThanOrEqual(itemsMax ?? 100);
        if (message.updateType === "Full") expect(sent).toBe(0);
        if (message.updateType === "Full") station.clear();
        for (const { idTag, type, status } of message.entries)
          if (status === null) station.delete(`${idTag} ${type}`);
          else station.set(`${idTag} ${type}`, true);
        held = message.after;
      }
      expect(held).toEqual(wanted);
      const tokens = Object.values(wanted).map(([idTag, type]) => `${idTag} ${type}`);
      expect([...station.keys()].toSorted()).toEqual(tokens.toSorted());
    }),
    { numRuns: 500 },
  );
});
