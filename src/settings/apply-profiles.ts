import type { Application } from "./apply-settings.ts";
import { isDue, isOtherStation } from "./due.ts";
import { effectiveSettings } from "./effective.ts";
import { verdictOf, type Verdict } from "./outcome.ts";
import { noteProfiles } from "./profile-results.ts";
import { profileSteps, signature, type ProfileStep } from "./profile-steps.ts";
import {
  clearPayload,
  layersOf,
  LEASE_MS,
  profilePayload,
  type LayerName,
  type ProfileTarget,
} from "./profiles.ts";
import { compositeReport, type CompositeReport, type StationReport } from "./reported.ts";

const APPLIED: Verdict = { outcome: "applied", detail: null };
const COMPOSITE_SECONDS = 60;

/** Verdicts on what rules with a connection and on what rules without one. */
export interface ProfileVerdicts {
  online: Verdict;
  offline: Verdict;
  composite: CompositeReport | null;
  phaseChosen: boolean;
  endsOffline: boolean;
}

/** True when an answer is still open. */
export async function applyProfiles(application: Application, report: StationReport): Promise<boolean> {
  const { settings, snapshot, memory } = application;
  const effective = effectiveSettings(settings.desired);
  const hasLayers = report.endsOffline || report.maxStackLevel === null || report.maxStackLevel >= 1;
  const target = targetOf(application, report);
  const { maxChargeCurrent, maxChargePhases } = settings.desired;
  const limitSet = maxChargeCurrent !== undefined || maxChargePhases !== undefined;
  const layers = layersOf({ ...effective, isOfflineSet: effective.isOfflineSet && hasLayers }, target, {
    limitSet,
  });
  const known = memory.installed ?? {};
  const installed = isOtherStation(application) ? forgotten(known) : known;
  const steps = profileSteps(installed, layers, {
    isMulti: target.isMulti,
    renewsLease: isDue(application).profiles,
  });
  const verdicts: ProfileVerdicts = {
    online: APPLIED,
    offline: effective.isOfflineSet && !hasLayers ? NO_LAYERS : APPLIED,
    composite: null,
    phaseChosen: layers.offline?.phaseToUse !== undefined,
    endsOffline: target.endsOffline,
  };
  if (steps.length > 0 && !report.hasSmartCharging) verdicts.online = verdicts.offline = NO_SMART_CHARGING;
  else await sendSteps(application, steps, verdicts);
  const isSettled = verdicts.online.outcome === "applied" && steps.length > 0;
  if (isSettled && (layers.max ?? layers.online))
    await verify(
      application,
      verdicts,
      effective.onlineLimitA,
      connectorsToAsk(target, snapshot, layers.max !== undefined),
    );
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

function targetOf({ work, snapshot }: Application, report: StationReport): ProfileTarget {
  const { version } = snapshot;
  return {
    version,
    isMulti: Math.max(evsesOf(snapshot).length, work.numberOfConnectors ?? 1) > 1,
    endsOffline: version === "ocpp2.1" && report.endsOffline,
    canChoosePhase: version !== "ocpp1.6" && report.canChoosePhase,
  };
}

function evsesOf({ connectors }: Application["snapshot"]): number[] {
  return [...new Set(connectors.map(({ evseId }) => evseId).filter((id) => id > 0))];
}

/** Other firmware may have kept the profiles or not: each is set again, and cleared where it is not wanted. */
function forgotten(installed: Partial<Record<LayerName, string>>): Partial<Record<LayerName, string>> {
  return Object.fromEntries(Object.keys(installed).map((name) => [name, ""]));
}

async function sendSteps(
  application: Application,
  steps: ProfileStep[],
  verdicts: ProfileVerdicts,
): Promise<void> {
  const { memory, now } = application;
  for (const step of steps) {
    const verdict = await sendStep(application, step);
    const name = step.kind === "set" ? step.layer.name : step.name;
    if (verdict.outcome !== "applied") return note(verdicts, step, verdict);
    const { [name]: _, ...others } = memory.installed ?? {};
    memory.installed = step.kind === "set" ? { ...others, [name]: signature(step.layer) } : others;
    if (name !== "online") continue;
    if (step.kind === "set" && step.layer.isLease) memory.leaseUntilMs = now.getTime() + LEASE_MS;
    else delete memory.leaseUntilMs;
  }
}

async function sendStep(application: Application, step: ProfileStep): Promise<Verdict> {
  const { version } = application.snapshot;
  const outcome = await application.send(
    step.kind === "set"
      ? {
          kind: "call",
          action: "SetChargingProfile",
          payload: profilePayload(step.layer, version, application.now),
        }
      : { kind: "call", action: "ClearChargingProfile", payload: clearPayload(step.name, version) },
  );
  const verdict = verdictOf(outcome, application.isLastTry);
  // The profile is gone already.
  const isGone =
    step.kind === "clear" &&
    outcome.kind === "answered" &&
    outcome.answer.kind === "payload" &&
    outcome.answer.payload.status === "Unknown";
  return isGone ? APPLIED : verdict;
}

/** What was not sent after a refusal is not in force either. */
function note(verdicts: ProfileVerdicts, step: ProfileStep, verdict: Verdict): void {
  const isRemovalOfOffline = step.kind === "clear" && step.name !== "max";
  verdicts.offline = verdict;
  if (!isRemovalOfOffline) verdicts.online = verdict;
}

function connectorsToAsk(target: ProfileTarget, snapshot: Application["snapshot"], isMax: boolean): number[] {
  if (isMax && !target.isMulti) return [0];
  const known = evsesOf(snapshot);
  return known.length > 0 ? known : [1];
}

/** A limit above ours means that the station follows something else. */
async function verify(
  application: Application,
  verdicts: ProfileVerdicts,
  limitA: number,
  connectors: number[],
): Promise<void> {
  const { version } = application.snapshot;
  const found: CompositeReport[] = [];
  for (const id of connectors) {
    const payload = { duration: COMPOSITE_SECONDS, chargingRateUnit: "A" };
    const addressed = version === "ocpp1.6" ? { connectorId: id, ...payload } : { evseId: id, ...payload };
    const outcome = await application.send({
      kind: "call",
      action: "GetCompositeSchedule",
      payload: addressed,
    });
    const report = outcome.kind === "answered" ? compositeReport(outcome.answer, version) : null;
    if (report) found.push(report);
  }
  const highest = found.toSorted((a, b) => b.limitA - a.limitA)[0];
  if (!highest) return;
  verdicts.composite = highest;
  if (highest.limitA <= limitA + 1e-6) return;
  verdicts.online = { outcome: "rejected", detail: `The station reports a limit of ${highest.limitA} A` };
}
