import { expect, test } from "vitest";
import { knownConnectors } from "../../../../src/api/http/known-connectors.ts";

const reported = (connectorId: number, status: string, at: string) => ({
  evseId: connectorId,
  connectorId,
  status,
  errorCode: "NoError",
  updatedAt: new Date(at),
});
const BEFORE = "2026-11-20T08:00:00Z";
const NOW = "2026-11-30T08:00:00Z";

function seen(connectorId: number, status: string) {
  const { updatedAt, ...connector } = reported(connectorId, status, NOW);
  return { ...connector, updatedAtMs: updatedAt.getTime() };
}

test("connectors that a session made again has not heard of are shown as they were reported before", () => {
  const projected = [reported(1, "Available", BEFORE), reported(2, "Charging", BEFORE)];
  expect(knownConnectors(projected, { connectors: [] })).toEqual(projected);
  expect(knownConnectors(projected, { connectors: [seen(1, "Faulted")] })).toEqual([
    reported(1, "Faulted", NOW),
    reported(2, "Charging", BEFORE),
  ]);
  expect(knownConnectors([reported(2, "Charging", BEFORE)], { connectors: [seen(1, "Faulted")] })).toEqual([
    reported(1, "Faulted", NOW),
    reported(2, "Charging", BEFORE),
  ]);
});
