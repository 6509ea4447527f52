import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChargerGroup, expandGroups } from "../../../../src/fleet/create/expand-groups.ts";
import { systemIds } from "../../../../src/fleet/ids.ts";
import { isIdentity } from "../../../../src/ocpp/identity.ts";
import type { Ids } from "../../../../src/ports.ts";

const OPTIONS = { allowPrivateTargets: false, hosts: null };

function groupOf(
  over: Partial<Omit<ChargerGroup, "template">> & { template?: Partial<ChargerGroup["template"]> },
): ChargerGroup {
  const { template, ...rest } = over;
  return {
    chargerIds: [],
    chargersNumber: null,
    ...rest,
    template: {
      brandSlug: "schneider",
      modelSlug: "evlink-pro-ac-22kw",
      ocppVersion: "OCPP1.6",
      connectorType: null,
      wsUrl: null,
      runtime: "simulated",
      locationName: null,
      identityPrefix: "SITE_A_",
      templateName: null,
      ...template,
    },
  };
}

function expanded(groups: ChargerGroup[], ids: Ids = systemIds) {
  const expansion = expandGroups(groups, ids, OPTIONS);
  if (expansion.kind !== "expanded") throw new Error(JSON.stringify(expansion));
  return expansion;
}

/** Suffixes one after the other. */
function drawing(...suffixes: string[]): Ids {
  return { ...systemIds, hex: () => suffixes.shift() ?? "ffffffff" };
}

const identities = (groups: ChargerGroup[], ids?: Ids) =>
  expanded(groups, ids).chargers.map(({ identity }) => identity);

test("explicit suffixes come first, the rest is padded with 8 hex characters", () => {
  const { chargers } = expanded(
    [groupOf({ chargerIds: ["001", "002"], chargersNumber: 3, template: { templateName: "Charger" } })],
    drawing("9f3c1a07"),
  );
  expect(chargers).toEqual([
    { id: expect.any(String), identity: "SITE_A_001", name: "Charger 001", group: 0, random: false },
    { id: expect.any(String), identity: "SITE_A_002", name: "Charger 002", group: 0, random: false },
    { id: expect.any(String), identity: "SITE_A_9f3c1a07", name: "Charger 9f3c1a07", group: 0, random: true },
  ]);
});

test("suffixes beyond the number are ignored and not validated", () => {
  expect(identities([groupOf({ chargerIds: ["1", "2", "1", "no good"], chargersNumber: 2 })])).toEqual([
    "SITE_A_1",
    "SITE_A_2",
  ]);
});

test("without number and suffixes a group is one charger", () => {
  expect(identities([groupOf({})], drawing("00000001"))).toEqual(["SITE_A_00000001"]);
});

test("without template name a charger has no name", () => {
  expect(expanded([groupOf({ chargerIds: ["1"] })]).chargers[0]?.name).toBeNull();
});

test("a random suffix is drawn again when its identity occurs anywhere in the request", () => {
  const groups = [groupOf({ chargersNumber: 2 }), groupOf({ chargerIds: ["aaaaaaaa"] })];
  expect(identities(groups, drawing("aaaaaaaa", "bbbbbbbb", "bbbbbbbb", "cccccccc"))).toEqual([
    "SITE_A_bbbbbbbb",
    "SITE_A_cccccccc",
    "SITE_A_aaaaaaaa",
  ]);
});

test("two prefixes that lead to the same identity are a duplicate", () => {
  const groups = [
    groupOf({ chargerIds: ["B1"], template: { identityPrefix: "A" } }),
    groupOf({ chargerIds: ["1"], template: { identityPrefix: "AB" } }),
  ];
  expect(expandGroups(groups, systemIds, OPTIONS)).toEqual({
    kind: "refused",
    findings: [
      {
        group: 1,
        field: "chargerIds",
        index: 0,
        problem: { reason: "identity 'AB1' occurs more than once in this request" },
        input: "1",
      },
    ],
  });
});

test("catalog values are filled in once per group", () => {
  const { blueprints } = expanded([
    groupOf({ template: { connectorType: "CCS2" } }),
    groupOf({ template: { brandSlug: "abb", modelSlug: "terra-184" } }),
  ]);
  expect(blueprints).toMatchObject([
    {
      vendorName: "Schneider Electric",
      model: "EVlink Pro AC 22 kW",
      connectorType: "CCS2",
      numberOfConnectors: 1,
      maxChargingPower: 22_000,
    },
    {
      vendorName: "ABB",
      model: "Terra 184",
      connectorType: "CCS2",
      numberOfConnectors: 2,
      maxChargingPower: 180_000,
    },
  ]);
});

test("10,000 random chargers have 10,000 identities", () => {
  const { chargers } = expanded([groupOf({ chargersNumber: 10_000 })]);
  expect(new Set(chargers.map(({ identity }) => identity)).size).toBe(10_000);
});

const suffix = fc.string({ maxLength: 50, unit: fc.constantFrom(..."aZ09*+=|@._- :é") });
const anyGroup = fc.record({
  chargerIds: fc.array(suffix, { maxLength: 6 }),
  chargersNumber: fc.option(fc.integer({ min: 1, max: 12 })),
  template: fc.record({ identityPrefix: fc.string({ maxLength: 47, unit: fc.constantFrom(..."aZ0_. ") }) }),
});

test("whatever the groups, the result is n valid, distinct identities in request order, or findings", () => {
  fc.assert(
    fc.property(fc.array(anyGroup, { minLength: 1, maxLength: 4 }), (inputs) => {
      const groups = inputs.map(groupOf);
      const expansion = expandGroups(groups, systemIds, OPTIONS);
      if (expansion.kind === "refused") {
        expect(expansion.findings).not.toHaveLength(0);
        return;
      }
      if (expansion.kind !== "expanded") throw new Error("cannot be too many");
      const sizes = groups.map((group) => group.chargersNumber ?? (group.chargerIds.length || 1));
      const found = expansion.chargers.map(({ identity }) => identity);
      expect(expansion.chargers.map((charger) => charger.group)).toEqual(
        sizes.flatMap((size, index) => Array<number>(size).fill(index)),
      );
      expect(new Set(found).size).toBe(found.length);
      expect(found.every(isIdentity)).toBe(true);
      expect(new Set(expansion.chargers.map(({ id }) => id)).size).toBe(found.length);
    }),
  );
});

test("a group is refused exactly when one of its used identities is invalid or occurs twice", () => {
  fc.assert(
    fc.property(fc.array(suffix, { minLength: 1, maxLength: 8 }), (chargerIds) => {
      const expansion = expandGroups([groupOf({ chargerIds })], systemIds, OPTIONS);
      const wanted = chargerIds.map((text) => `SITE_A_${text}`);
      const isFine = wanted.every(isIdentity) && new Set(wanted).size === wanted.length;
      expect(expansion.kind).toBe(isFine ? "expanded" : "refused");
    }),
  );
});
