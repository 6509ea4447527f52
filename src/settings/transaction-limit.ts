import type { JsonObject } from "../ocpp/json.ts";
import type { RunningTransaction, TransactionLimits } from "../ports.ts";
import type { ProfileStep } from "./profile-steps.ts";
import { schedule, validity, type Layer, type Layers } from "./profiles.ts";

/** Id of the profile for the transaction on connector n: this plus n. */
const PROFILE_ID = 9100;

/**
 * Steps that limit running transactions of a 1.6 station. Some of those stations ignore changes of the default
 * profile during a transaction, so each running one gets a TxProfile. From 2.0.1 on a new default profile is in force
 * at once (K01.FR.32).
 */
export function transactionSteps(
  limits: TransactionLimits,
  layers: Layers,
  needs: {
    running: readonly RunningTransaction[];
    renewsLease: boolean;
    /** True: there was a lease, so the session limited transactions as well with each renewal. */
    hadLease: boolean;
    canSwitchPhases: boolean;
  },
): ProfileStep[] {
  const ruling = layers.online ?? (layers.max?.purpose === "txDefault" ? layers.max : undefined);
  return needs.running.flatMap((transaction): ProfileStep[] => {
    const known = limits[transaction.evseId];
    const isLimited = known !== undefined || needs.hadLease;
    if (!ruling) return isLimited ? [{ kind: "unlimit", evseId: transaction.evseId }] : [];
    const layer = ofTransaction(ruling, needs.canSwitchPhases);
    const isKept = known === limitText(layer, transaction) && !(layer.isLease && needs.renewsLease);
    return isKept ? [] : [{ kind: "limit", layer, transaction }];
  });
}

/** Keeps only limits of running transactions; a TxProfile ends with its transaction (OCPP 1.6 §3.13.1). */
export function limitsOfRunning(
  limits: TransactionLimits,
  running: readonly RunningTransaction[],
): TransactionLimits {
  const isRunning = ([evseId, text]: [string, string]) =>
    running.some((each) => String(each.evseId) === evseId && text.startsWith(`${each.transactionId} `));
  return Object.fromEntries(Object.entries(limits).filter(isRunning));
}

/** Text of the limit of one transaction; equal texts mean equal limits. */
export function limitText(layer: Layer, { transactionId }: RunningTransaction): string {
  return `${transactionId} ${JSON.stringify(layer)}`;
}

/** Payload of SetChargingProfile for one transaction (OCPP 1.6 §5.16). */
export function limitPayload(layer: Layer, transaction: RunningTransaction, now: Date): JsonObject {
  return {
    connectorId: transaction.evseId,
    csChargingProfiles: {
      chargingProfileId: PROFILE_ID + transaction.evseId,
      transactionId: transaction.transactionId,
      stackLevel: layer.stackLevel,
      chargingProfilePurpose: "TxProfile",
      chargingProfileKind: "Absolute",
      ...validity(layer, now),
      chargingSchedule: schedule(layer, now),
    },
  };
}

/** Payload of ClearChargingProfile for the transaction on a connector. */
export function unlimitPayload(evseId: number): JsonObject {
  return { id: PROFILE_ID + evseId };
}

/**
 * Layer for a running transaction. A station that cannot switch phases during a transaction keeps its number of
 * phases.
 */
function ofTransaction(ruling: Layer, canSwitchPhases: boolean): Layer {
  const { minA: _, phases, ...rest } = ruling;
  const isSaid = phases !== undefined && (phases !== 1 || canSwitchPhases);
  return { ...rest, stackLevel: 0, ...(isSaid ? { phases } : {}) };
}
