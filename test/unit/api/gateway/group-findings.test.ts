import { beforeAll, expect, test } from "vitest";
import { type Gateway, group, openGateway } from "./gateway.ts";

let gateway: Gateway;
let locationId: string;
beforeAll(async () => {
  gateway = await openGateway();
  locationId = gateway.location().id;
});

async function details(path: string, body?: unknown): Promise<unknown> {
  const answer = await gateway.call(path, body === undefined ? {} : { body });
  expect(answer.status).toBe(422);
  return (answer.json as { detail: unknown }).detail;
}

const bulk = () => `/ocpp/locations/${locationId}/chargers`;
const valueError = (loc: unknown[], reason: string, input: unknown) => ({
  type: "value_error",
  loc,
  msg: `Value error, ${reason}`,
  input,
  ctx: { error: reason },
});

const groups: Array<[title: string, body: () => unknown[], finding: Record<string, unknown>]> = [
  [
    "no group at all",
    () => [],
    {
      type: "too_short",
      loc: ["body"],
      msg: "List should have at least 1 item after validation, not 0",
      ctx: { field_type: "List", min_length: 1, actual_length: 0 },
    },
  ],
  [
    "more than 10,000 chargers in all",
    () => [group({ chargers_number: 10_000 }), group({ chargers_number: 1 })],
    {
      type: "too_long",
      loc: ["body"],
      msg: "List should have at most 10000 items after validation, not 10001",
      ctx: { field_type: "List", max_length: 10_000, actual_length: 10_001 },
    },
  ],
  ["an astronomic number", () => [group({ chargers_number: 1e15 })], { type: "too_long", loc: ["body"] }],
  [
    "no charger",
    () => [group({ chargers_number: 0 })],
    { type: "greater_than_equal", loc: ["body", 0, "chargers_number"], ctx: { ge: 1 } },
  ],
  [
    "half a charger",
    () => [group({ chargers_number: 1.5 })],
    { type: "int_from_float", loc: ["body", 0, "chargers_number"] },
  ],
  [
    "a number as text",
    () => [group({ chargers_number: "5" })],
    { type: "int_type", loc: ["body", 0, "chargers_number"] },
  ],
  [
    "a suffix that is no text",
    () => [group({ charger_ids: ["1", 2] })],
    { type: "string_type", loc: ["body", 0, "charger_ids", 1] },
  ],
  [
    "a suffix that breaks the identity",
    () => [group({ charger_ids: ["a b"] })],
    { type: "string_pattern_mismatch", loc: ["body", 0, "charger_ids", 0], input: "a b" },
  ],
  [
    "a prefix that breaks the identity",
    () => [group({ template: { identity_prefix: "a b" } })],
    { type: "string_pattern_mismatch", loc: ["body", 0, "template", "identity_prefix"] },
  ],
  [
    "a prefix too long for a random suffix",
    () => [group({ template: { identity_prefix: "p".repeat(41) } })],
    { type: "string_pattern_mismatch", loc: ["body", 0, "template", "identity_prefix"] },
  ],
  [
    "an unknown brand",
    () => [group({ template: { brand_slug: "x" } })],
    valueError(["body", 0, "template", "brand_slug"], "unknown brand 'x'", "x"),
  ],
  [
    "a model of another brand",
    () => [group({ template: { model_slug: "terra-184" } })],
    valueError(
      ["body", 0, "template", "model_slug"],
      "unknown model 'terra-184' of brand 'schneider'",
      "terra-184",
    ),
  ],
  [
    "a forbidden target",
    () => [group({ template: { ws_url: "ws://10.0.0.1" } })],
    { type: "value_error", loc: ["body", 0, "template", "ws_url"] },
  ],
  [
    "a target for external chargers",
    () => [group({ template: { ws_url: "wss://example.com", runtime: "external" } })],
    { type: "value_error", loc: ["body", 0, "template", "ws_url"] },
  ],
  [
    "the same identity in two groups",
    () => [group({ charger_ids: ["1"] }), group({ charger_ids: ["1"] })],
    { type: "value_error", loc: ["body", 1, "charger_ids", 0] },
  ],
];

test.each(groups)("a batch with %s is refused as a whole", async (_, body, finding) => {
  expect(await details(bulk(), body())).toEqual([expect.objectContaining(finding)]);
  expect(gateway.fleet.jobs.size).toBe(0);
});

test("what is wrong with different groups is reported together, in their order", async () => {
  const body = [
    group({ template: { brand_slug: "x", ws_url: "ws://localhost" }, charger_ids: ["a b"] }),
    { template: 5 },
    group({ charger_ids: ["ok", "ok"], chargers_number: 0 }),
    group({ charger_ids: ["1", "1"] }),
  ];
  const found = (await details(bulk(), body)) as Array<{ loc: unknown[] }>;
  expect(found.map(({ loc }) => loc.slice(1).join("."))).toEqual([
    "0.template.brand_slug",
    "0.template.ws_url",
    "0.charger_ids.0",
    "1.template",
    "2.chargers_number",
    "3.charger_ids.1",
  ]);
});
