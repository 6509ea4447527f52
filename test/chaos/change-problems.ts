import type { Change } from "./ledger.ts";

/**
 * What is wrong with a value: it has to be that of the last accepted change, or of one with an unknown result; never of a refused
 * one.
 */
export function changeProblems(name: string, changes: readonly Change[], current: string | null): string[] {
  const lastStored = changes.findLast(({ verdict }) => verdict === "stored");
  const unknown = changes.filter(({ verdict }) => verdict === "unknown");
  if ([lastStored, ...unknown].some((change) => change?.value === current)) return [];
  const culprit = changes.find(({ value, verdict }) => value === current && verdict !== "stored");
  if (culprit) return [`${name} has the value ${current}, which was answered as ${culprit.verdict}`];
  return lastStored ? [`${name} lost the value ${lastStored.value} and has ${current}`] : [];
}
