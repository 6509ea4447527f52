import type { JsonObject } from "../ocpp/json.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import type { RunningTransaction, SessionSnapshot, SettingsLease, StationMemory } from "../ports.ts";
import { RENEW_EVERY_MS } from "./due.ts";
import { LEASE_MS, profilePayload, type Layer } from "./profiles.ts";
import { limitPayload, transactionSteps } from "./transaction-limit.ts";

/** Lease that the session has to renew; null: no profile expires. */
export function leaseOf(memory: StationMemory, version: OcppVersion): SettingsLease | null {
  const { leaseUntilMs, installed, canSwitchPhases = false } = memory;
  if (leaseUntilMs === undefined || !installed?.online) return null;
  const online = JSON.parse(installed.online) as Layer;
  return { version, online, canSwitchPhases, renewAtMs: leaseUntilMs - LEASE_MS + RENEW_EVERY_MS };
}

/**
 * Payloads of SetChargingProfile that renew a lease: the online limit first, then the limits of running transactions.
 */
export function renewalPayloads(
  { version, online, canSwitchPhases }: SettingsLease,
  transactions: SessionSnapshot["transactions"],
  now: Date,
): [JsonObject, ...JsonObject[]] {
  const running: RunningTransaction[] = version === "ocpp1.6" ? transactions : [];
  const needs = { running, renewsLease: true, hadLease: true, canSwitchPhases };
  const limits = transactionSteps({}, { online }, needs).flatMap((step) =>
    step.kind === "limit" ? [limitPayload(step.layer, step.transaction, now)] : [],
  );
  return [profilePayload(online, version, now), ...limits];
}
