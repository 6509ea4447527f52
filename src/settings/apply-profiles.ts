import type { RunningTransaction } from "../ports.ts";
import type { Application } from "./application.ts";
import { endsSoon, isOtherStation } from "./due.ts";
import { effectiveSettings, type EffectiveSettings } from "./effective.ts";
import { APPLIED, type Verdict } from "./outcome.ts";
import { noteProfiles, type ProfileVerdicts } from "./profile-results.ts";
import { profileSteps, type ProfileStep } from "./profile-steps.ts";
import { layersOf, type LayerName, type Layers, type ProfileTarget } from "./profiles.ts";
import type { StationReport } from "./reported.ts";
import { sendProfiles } from "./send-profiles.ts";
import { limitsOfRunning, transactionSteps } from "./transaction-limit.ts";
import { connectorsToAsk, evsesOf, highestLimit } from "./verify-profiles.ts";

/** Applies all settings that are charging profiles. Returns true if another try is needed. */
export async function applyProfiles(application: Application, report: StationReport): Promise<boolean> {
  const effective = effectiveSettings(application.settings.desired);
  const target = targetOf(application, report);
  const obstacle = effective.isOfflineSet ? obstacleTo(target, application, report) : null;
  const layers = wantedLayers(application, effective, target, obstacle === null);
  const running = application.snapshot.transactions;
  const verdicts: ProfileVerdicts = {
    online: APPLIED,
    offline: obstacle ?? APPLIED,
    ofTransaction: APPLIED,
    composite: null,
    phaseChosen: layers.offline?.phaseToUse !== undefined,
    endsOffline: target.endsOffline,
    keepsPhases: running.length > 0 && !report.canSwitchPhases,
  };
  const steps = stepsTo(layers, application, target, report);
  if (steps.length > 0 && !report.hasSmartCharging) verdicts.online = verdicts.offline = NO_SMART_CHARGING;
  else await sendProfiles(application, steps, verdicts);
  if (verdicts.online.outcome === "applied" && (layers.max ?? layers.online)) {
    const hasOneLimit = layers.max !== undefined && !target.isMulti;
    verdicts.composite = await highestLimit(application, connectorsToAsk(application.snapshot, hasOneLimit));
    const reportedA = verdicts.composite?.limitA ?? 0;
    if (reportedA > effective.onlineLimitA + 1e-6) verdicts.online = limitedElsewhere(reportedA);
  }
  noteProfiles(application, verdicts);
  return verdicts.online.outcome === "retry" || verdicts.offline.outcome === "retry";
}

const NO_SMART_CHARGING: Verdict = {
  outcome: "unsupported",
  detail: "The station takes no charging profiles in A",
};
const NO_LAYERS: Verdict = {
  outcome: "unsupported",
  detail: "The station takes one charging profile only, which rules with and without a connection",
};
/** Refusal of a lease: it ends by the station's clock, which is wrong. */
const WRONG_CLOCK: Verdict = { outcome: "rejected", detail: "station clock" };

/** Verdict when the station reports a limit above ours: another source sets its limit. */
function limitedElsewhere(limitA: number): Verdict {
  return { outcome: "rejected", detail: `The station reports a limit of ${limitA} A` };
}

/** Why the station cannot have different limits with and without a connection; null: it can. */
function obstacleTo(
  { endsOffline }: ProfileTarget,
  { snapshot }: Application,
  { maxStackLevel, maxProfiles }: StationReport,
): Verdict | null {
  if ((maxProfiles ?? 2) < 2 || (maxStackLevel ?? 1) < 1) return NO_LAYERS;
  return endsOffline || snapshot.clockOffMs === 0 ? null : WRONG_CLOCK;
}

function wantedLayers(
  { settings }: Application,
  effective: EffectiveSettings,
  target: ProfileTarget,
  canLayer: boolean,
): Layers {
  const { maxChargeCurrent, maxChargePhases } = settings.desired;
  const limitSet = maxChargeCurrent !== undefined || maxChargePhases !== undefined;
  return layersOf({ ...effective, isOfflineSet: effective.isOfflineSet && canLayer }, target, { limitSet });
}

function targetOf({ work, snapshot }: Application, report: StationReport): ProfileTarget {
  const { version } = snapshot;
  return {
    version,
    isMulti: Math.max(evsesOf(snapshot).length, work.numberOfConnectors ?? 1) > 1,
    endsOffline: version === "ocpp2.1" && report.endsOffline,
    canChoosePhase: version !== "ocpp1.6" && report.canChoosePhase,
  };
}

function stepsTo(
  layers: Layers,
  application: Application,
  { isMulti, version }: ProfileTarget,
  { canSwitchPhases }: StationReport,
): ProfileStep[] {
  const { memory, snapshot } = application;
  const running: RunningTransaction[] = version === "ocpp1.6" ? snapshot.transactions : [];
  memory.canSwitchPhases = canSwitchPhases;
  memory.limits = limitsOfRunning(memory.limits ?? {}, running);
  const known = memory.installed ?? {};
  const installed = isOtherStation(application) ? forgotten(known) : known;
  const renewsLease = endsSoon(application);
  const hadLease = memory.leaseUntilMs !== undefined;
  const needs = { running, renewsLease, hadLease, canSwitchPhases };
  const transactions = transactionSteps(memory.limits, layers, needs);
  return profileSteps(installed, layers, { isMulti, renewsLease, transactions });
}

/**
 * Installed profiles after a firmware change, which may or may not have kept them: all are set again, and unwanted
 * ones cleared.
 */
function forgotten(installed: Partial<Record<LayerName, string>>): Partial<Record<LayerName, string>> {
  return Object.fromEntries(Object.keys(installed).map((name) => [name, ""]));
}
