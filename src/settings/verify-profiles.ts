import type { SessionSnapshot } from "../ports.ts";
import type { Application } from "./application.ts";
import { compositeReport, type CompositeReport } from "./reported.ts";

const DURATION_SECONDS = 60;

/** Connector numbers of a station, without 0, which is the station itself. */
export function evsesOf({ connectors }: Pick<SessionSnapshot, "connectors">): number[] {
  return [...new Set(connectors.map(({ evseId }) => evseId).filter((id) => id > 0))];
}

/**
 * Connectors to ask for a composite schedule: 0 if the station has one limit, otherwise each connector, because 0
 * would be their sum.
 */
export function connectorsToAsk(snapshot: SessionSnapshot, hasOneLimit: boolean): number[] {
  if (hasOneLimit) return [0];
  const known = evsesOf(snapshot);
  return known.length > 0 ? known : [1];
}

/** Highest limit that the station reports, in A; null: none. */
export async function highestLimit(
  { snapshot: { version }, send }: Application,
  connectors: number[],
): Promise<CompositeReport | null> {
  const found: CompositeReport[] = [];
  for (const id of connectors) {
    const asked = { duration: DURATION_SECONDS, chargingRateUnit: "A" };
    const payload = version === "ocpp1.6" ? { connectorId: id, ...asked } : { evseId: id, ...asked };
    const outcome = await send({ kind: "call", action: "GetCompositeSchedule", payload });
    const report = outcome.kind === "answered" ? compositeReport(outcome.answer, version) : null;
    if (report) found.push(report);
  }
  return found.toSorted((a, b) => b.limitA - a.limitA)[0] ?? null;
}
