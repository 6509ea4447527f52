import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, postBatch } from "../harness/fleet.ts";
import { CASES_16 } from "../harness/ocpp-station/cases-16.ts";
import { CASES_2X } from "../harness/ocpp-station/cases-2x.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** What a station without a car says to each command; a reset comes last, for it reboots. */
const SAID: [path: string, expected: Record<string, unknown>][] = [
  ["/unlock", { status: expect.stringMatching(/^(unlocked|unknown_connector|not_supported)$/) }],
  ["/cache/clear", { status: "accepted" }],
  ["/trigger", { status: "accepted" }],
  ["/configuration/change", { status: "Accepted", value: "600" }],
  ["/configuration/get", { configurationKey: expect.any(Array), unknownKey: ["Nonsense"] }],
  ["/firmware/update", { status: "accepted" }],
  ["/diagnostics", { status: "accepted" }],
  ["/data-transfer", { status: "UnknownVendorId" }],
  ["/availability", { status: "accepted" }],
  ["/reset", { status: "accepted" }],
];

describe.each(["OCPP1.6", "OCPP2.0.1", "OCPP2.1"])("a simulated charger that speaks %s", (version) => {
  const cases = version === "OCPP1.6" ? CASES_16 : CASES_2X;

  test("answers every command", async () => {
    const batch = await postBatch(stack, { chargers: 1, version });
    const [charger] = (await batch.finished()).results?.created ?? [];
    const identity = charger?.identity ?? "none";
    for (const [path, expected] of SAID) {
      const body = cases.find((commandCase) => commandCase.path === path)?.body ?? {};
      const answer = await call(stack, "POST", `/api/v1/chargers/${identity}${path}?timeout=10`, body);
      expect({ path, ...answer }).toMatchObject({ path, status: 200 });
      expect(answer.body).toMatchObject({ chargeBoxId: identity, ...expected });
    }
  });
});
