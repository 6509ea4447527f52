import type { OcppCall } from "./guarded-fields.ts";
import { optionalInteger } from "./payload.ts";
import type { ReportKind } from "./station-state.ts";

/** Requests that a station answers with messages of their own, and the kind of those. */
const REPORTS: Readonly<Record<string, ReportKind>> = {
  CustomerInformation: "customerInformation",
  GetBaseReport: "variables",
  GetChargingProfiles: "chargingProfiles",
  GetDERControl: "derControl",
  GetDisplayMessages: "displayMessages",
  GetMonitoringReport: "monitoring",
  GetReport: "variables",
};

/** Kind of the report that a request of this action has; null: none. */
export function reportOf(action: string): ReportKind | null {
  return Object.hasOwn(REPORTS, action) ? (REPORTS[action] ?? null) : null;
}

/** Id of a request that is answered with a report; null: there will be none. */
export function requestIdOfReport({ action, payload }: OcppCall): number | null {
  // CustomerInformation may clear without telling anything.
  const isSilent = action === "CustomerInformation" && payload.report !== true;
  return reportOf(action) === null || isSilent ? null : optionalInteger(payload, "requestId");
}
