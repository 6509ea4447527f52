import type { SettingOutcome, SettingResult } from "../ports.ts";
import type { Application } from "./application.ts";
import { PROFILE_SETTINGS } from "./desired.ts";
import type { SettingName } from "./desired.ts";
import type { Verdict } from "./outcome.ts";
import type { CompositeReport } from "./reported.ts";
import { resultOf } from "./result.ts";

/** Verdicts on the limits with a connection and without one. */
export interface ProfileVerdicts {
  online: Verdict;
  offline: Verdict;
  /** Verdict on the additional limit of running transactions. */
  ofTransaction: Verdict;
  composite: CompositeReport | null;
  phaseChosen: boolean;
  endsOffline: boolean;
  /** True: a transaction is running whose number of phases cannot change. */
  keepsPhases: boolean;
}

type Found = Pick<Required<SettingResult>, "outcome" | "detail" | "reported" | "verified">;

const MINIMUM = "OCPP has no minimum current; enforced before limits are sent";
const LEASE = "Takes effect at most 30 minutes after the connection is lost";
const KEEPS_LIMIT = "A running transaction may keep its limit; in force from the next one";
const KEEPS_PHASES = "A running transaction keeps its phases; in force from the next one";
const PHASES_V16 = "OCPP 1.6 cannot choose the phase; one phase is used";
const PHASES_V2X = "The station cannot choose the phase; one phase is used";

/** Records the outcome of every profile setting that has a value. */
export function noteProfiles(application: Application, verdicts: ProfileVerdicts): void {
  for (const name of PROFILE_SETTINGS)
    if (application.settings.desired[name] !== undefined)
      application.results[name] = resultOf(application, name, foundOf(name, application, verdicts));
}

function foundOf(name: SettingName, application: Application, verdicts: ProfileVerdicts): Found {
  const { online, offline, composite } = verdicts;
  const value = application.settings.desired[name] ?? 0;
  switch (name) {
    case "maxChargeCurrent":
      return confirmed(keepsLimit(verdicts) ? but(online, KEEPS_LIMIT) : online, composite?.limitA ?? null);
    case "maxChargePhases":
      return confirmed(verdicts.keepsPhases ? but(online, KEEPS_PHASES) : online, composite?.phases ?? null);
    case "minChargeCurrent":
      return emulated(online, MINIMUM);
    case "offlineChargeCurrent":
      return value < 0 || verdicts.endsOffline ? confirmed(offline, null) : emulated(offline, LEASE);
    default: {
      const isExact = value === 0 || verdicts.phaseChosen || (value === 7 && verdicts.endsOffline);
      return isExact ? confirmed(offline, null) : emulated(offline, phaseDetail(value, application));
    }
  }
}

/**
 * Whether running transactions may still have their old limit: the station refused the new one and reports no
 * schedule.
 */
function keepsLimit({ ofTransaction, composite }: ProfileVerdicts): boolean {
  return ofTransaction.outcome !== "applied" && composite === null;
}

function but(verdict: Verdict, detail: string): Verdict {
  return verdict.outcome === "applied" ? { ...verdict, detail } : verdict;
}

function phaseDetail(value: number, { snapshot }: Application): string {
  if (value === 7) return LEASE;
  return snapshot.version === "ocpp1.6" ? PHASES_V16 : PHASES_V2X;
}

function confirmed({ outcome, detail }: Verdict, reported: number | null): Found {
  return { outcome: known(outcome), detail, reported, verified: outcome === "applied" && reported !== null };
}

function emulated({ outcome, detail }: Verdict, how: string): Found {
  const isInForce = outcome === "applied";
  return {
    outcome: isInForce ? "emulated" : known(outcome),
    detail: isInForce ? how : detail,
    reported: null,
    verified: false,
  };
}

function known(outcome: Verdict["outcome"]): SettingOutcome {
  return outcome === "retry" ? "pending" : outcome;
}
