import type { JsonObject } from "../ocpp/json.ts";
import type { Application } from "./application.ts";
import { APPLIED, verdictOf, type Verdict } from "./outcome.ts";
import type { ProfileVerdicts } from "./profile-results.ts";
import { signature, type ProfileStep } from "./profile-steps.ts";
import { clearPayload, LEASE_MS, profilePayload } from "./profiles.ts";
import { limitPayload, limitText, unlimitPayload } from "./transaction-limit.ts";

/** Sends profiles until one is refused, and records those that the station accepted. */
export async function sendProfiles(
  application: Application,
  steps: ProfileStep[],
  verdicts: ProfileVerdicts,
): Promise<void> {
  for (const step of steps) {
    const verdict = await send(application, step);
    if (verdict.outcome === "applied") remember(application, step);
    else if (verdict.outcome !== "retry" && isOfTransaction(step)) verdicts.ofTransaction = verdict;
    else {
      if (verdict.outcome !== "retry") forget(application, step);
      return note(verdicts, step, verdict);
    }
  }
}

async function send(application: Application, step: ProfileStep): Promise<Verdict> {
  const isSet = step.kind === "set" || step.kind === "limit";
  const outcome = await application.send({
    kind: "call",
    action: isSet ? "SetChargingProfile" : "ClearChargingProfile",
    payload: payloadOf(application, step),
  });
  // ClearChargingProfile answers Unknown if the profile does not exist.
  const isGone =
    !isSet &&
    outcome.kind === "answered" &&
    outcome.answer.kind === "payload" &&
    outcome.answer.payload.status === "Unknown";
  return isGone ? APPLIED : verdictOf(outcome, application.isLastTry);
}

function payloadOf({ snapshot: { version }, now }: Application, step: ProfileStep): JsonObject {
  switch (step.kind) {
    case "set":
      return profilePayload(step.layer, version, now);
    case "limit":
      return limitPayload(step.layer, step.transaction, now);
    case "unlimit":
      return unlimitPayload(step.evseId);
    default:
      return clearPayload(step.name, version);
  }
}

function remember({ memory, now }: Application, step: ProfileStep): void {
  if (step.kind === "limit" || step.kind === "unlimit") {
    const evseId = step.kind === "limit" ? step.transaction.evseId : step.evseId;
    const { [evseId]: _, ...others } = memory.limits ?? {};
    memory.limits =
      step.kind === "limit" ? { ...others, [evseId]: limitText(step.layer, step.transaction) } : others;
    return;
  }
  const name = step.kind === "set" ? step.layer.name : step.name;
  const { [name]: _, ...others } = memory.installed ?? {};
  memory.installed = step.kind === "set" ? { ...others, [name]: signature(step.layer) } : others;
  if (name !== "online") return;
  if (step.kind === "set" && step.layer.isLease) memory.leaseUntilMs = now.getTime() + LEASE_MS;
  else delete memory.leaseUntilMs;
}

/** Forgets a lease that was refused: it is not renewed and expires soon. */
function forget({ memory }: Application, step: ProfileStep): void {
  if (step.kind !== "set" || step.layer.name !== "online" || memory.leaseUntilMs === undefined) return;
  delete memory.leaseUntilMs;
  memory.installed = { ...memory.installed, online: "" };
}

/**
 * Whether a step is for a running transaction. Its refusal is not final: the transaction may have ended, and the next
 * one follows the default profile.
 */
function isOfTransaction({ kind }: ProfileStep): boolean {
  return kind === "limit" || kind === "unlimit";
}

/** Records the verdict for the refused step; steps after it were not sent and get the same verdict. */
function note(verdicts: ProfileVerdicts, step: ProfileStep, verdict: Verdict): void {
  const isRemovalOfOffline = step.kind === "clear" && step.name !== "max";
  verdicts.offline = verdict;
  if (!isRemovalOfOffline) verdicts.online = verdict;
}
