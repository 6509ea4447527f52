import type { RunningTransaction } from "../ports.ts";
import type { LayerName, Layer, Layers } from "./profiles.ts";

/** One message to a station: set or clear a profile of the station, limit or unlimit a running transaction. */
export type ProfileStep =
  | { kind: "set"; layer: Layer }
  | { kind: "clear"; name: LayerName }
  | { kind: "limit"; layer: Layer; transaction: RunningTransaction }
  | { kind: "unlimit"; evseId: number };

type Order = readonly (readonly ["set" | "clear", LayerName] | "transactions")[];

/** Order for stations with one maximum profile: the new limit is set before the old one is cleared. */
const SINGLE: Order = [
  ["set", "offline"],
  ["set", "online"],
  ["set", "max"],
  "transactions",
  ["clear", "max"],
  ["clear", "online"],
  ["clear", "offline"],
];

/**
 * Order for stations with several EVSEs: maximum and offline profile have the same purpose and stack level (2.x
 * K01.FR.52), so never both exist.
 */
const MULTI: Order = [
  ["clear", "offline"],
  ["set", "online"],
  ["clear", "max"],
  ["set", "offline"],
  ["set", "max"],
  "transactions",
  ["clear", "online"],
];

/** Profiles to set and clear so that the station has exactly these layers. Equal ones are not sent again. */
export function profileSteps(
  installed: Partial<Record<LayerName, string>>,
  layers: Layers,
  needs: { isMulti: boolean; renewsLease: boolean; transactions: ProfileStep[] },
): ProfileStep[] {
  return (needs.isMulti ? MULTI : SINGLE).flatMap((entry): ProfileStep[] => {
    if (entry === "transactions") return needs.transactions;
    const [kind, name] = entry;
    const layer = layers[name];
    if (kind === "clear") return layer || installed[name] === undefined ? [] : [{ kind, name }];
    if (!layer) return [];
    const isKept = installed[name] === signature(layer) && !(layer.isLease && needs.renewsLease);
    return isKept ? [] : [{ kind, layer }];
  });
}

/** Text of a layer; equal texts mean equal profiles. */
export function signature(layer: Layer): string {
  return JSON.stringify(layer);
}
