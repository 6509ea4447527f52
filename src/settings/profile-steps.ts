import type { RunningTransaction } from "../ports.ts";
import type { LayerName, Layer, Layers } from "./profiles.ts";

export type ProfileStep =
  | { kind: "set"; layer: Layer }
  | { kind: "clear"; name: LayerName }
  | { kind: "limit"; layer: Layer; transaction: RunningTransaction }
  | { kind: "unlimit"; evseId: number };

type Order = readonly (readonly ["set" | "clear", LayerName] | "transactions")[];

/** The new limit is there before the old one goes. */
const SINGLE: Order = [
  ["set", "offline"],
  ["set", "online"],
  ["set", "max"],
  "transactions",
  ["clear", "max"],
  ["clear", "online"],
  ["clear", "offline"],
];

/** Maximum and offline layer share one place at the stations with several EVSEs (2.x K01.FR.52): never both at once. */
const MULTI: Order = [
  ["clear", "offline"],
  ["set", "online"],
  ["clear", "max"],
  ["set", "offline"],
  ["set", "max"],
  "transactions",
  ["clear", "online"],
];

/** What has to be sent so that a station holds exactly these layers; equal ones are left alone. */
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

export function signature(layer: Layer): string {
  return JSON.stringify(layer);
}
