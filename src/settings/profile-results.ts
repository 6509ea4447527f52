import type { SettingResult } from "../ports.ts";
import type { ProfileVerdicts } from "./apply-profiles.ts";
import type { Application } from "./apply-settings.ts";
import { PROFILE_SETTINGS } from "./desired.ts";
import type { SettingName } from "./desired.ts";
import type { SettingOutcome, Verdict } from "./outcome.ts";
import { resultOf } from "./result.ts";

type Found = Pick<Required<SettingResult>, "outcome" | "detail" | "reported" | "verified">;

const MINIMUM = "OCPP has no minimum current; enforced before limits are sent";
const LEASE = "Takes effect at most 30 minutes after the connection is lost";
const PHASES_V16 = "OCPP 1.6 cannot choose the phase; one phase is used";
const PHASES_V2X = "The station cannot choose the phase; one phase is used";

/** Writes down what became of every profile setting that has a value. */
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
      return confirmed(online, composite?.limitA ?? null);
    case "maxChargePhases":
      return confirmed(online, composite?.phases ?? null);
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
