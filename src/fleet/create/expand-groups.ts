import { IDENTITY_SHAPE, isIdentity } from "../../ocpp/identity.ts";
import type { ChargerBlueprint, Ids, NewCharger } from "../../ports.ts";
import { blueprintOf, type ChargerTemplate } from "./blueprint.ts";
import { wsUrlProblem, type WsUrlRules } from "../address/ws-url.ts";

/** Most chargers of one batch. */
export const BATCH_CHARGERS_MAX = 10_000;
const RANDOM_SUFFIX_BYTES = 4;

/** A group of chargers with the same template. */
export interface ChargerGroup {
  template: ChargerTemplate & { identityPrefix: string; templateName: string | null };
  /** Identity suffixes. An empty one counts as not given; those beyond `chargersNumber` are ignored. */
  chargerIds: string[];
  chargersNumber: number | null;
}

/** A validation error of a group. `index` is the position in `chargerIds`. */
export interface GroupFinding {
  group: number;
  field: "chargerIds" | "identityPrefix" | "brandSlug" | "modelSlug" | "wsUrl";
  index?: number;
  problem: "shape" | { reason: string };
  input: string;
}

/**
 * The chargers of a batch with their blueprints, or all validation errors. "tooMany": more than `BATCH_CHARGERS_MAX`.
 */
export type Expansion =
  | { kind: "expanded"; blueprints: ChargerBlueprint[]; chargers: NewCharger[] }
  | { kind: "tooMany"; count: number }
  | { kind: "refused"; findings: GroupFinding[] };

/**
 * Expands the groups of a batch into chargers, in the order of the request: given suffixes first, then random ones.
 * Random identities never equal another identity of the request. A null group (invalid by itself) is skipped.
 */
export function expandGroups(
  groups: ReadonlyArray<ChargerGroup | null>,
  ids: Ids,
  rules: WsUrlRules,
): Expansion {
  const count = groups.reduce((sum, group) => sum + (group === null ? 1 : sizeOf(group)), 0);
  if (count > BATCH_CHARGERS_MAX) return { kind: "tooMany", count };
  const findings: GroupFinding[] = [];
  const taken = new Set<string>();
  const blueprints = groups.map((group, index) =>
    group ? checkGroup(group, index, taken, findings, rules) : null,
  );
  if (findings.length > 0 || blueprints.includes(null)) return { kind: "refused", findings };
  const chargers = groups.flatMap((group, index) => (group ? chargersOf(group, index, taken, ids) : []));
  return { kind: "expanded", blueprints: blueprints.filter((blueprint) => blueprint !== null), chargers };
}

function sizeOf({ chargersNumber, chargerIds }: ChargerGroup): number {
  return chargersNumber ?? (chargerIds.length || 1);
}

function checkGroup(
  group: ChargerGroup,
  index: number,
  taken: Set<string>,
  findings: GroupFinding[],
  rules: WsUrlRules,
): ChargerBlueprint | null {
  const { identityPrefix, templateName: _, ...template } = group.template;
  const result = blueprintOf(template);
  if (result.kind === "unknown") {
    const { field, reason } = result;
    findings.push({ group: index, field, problem: { reason }, input: template[field] });
  }
  const wsUrlReason = template.wsUrl === null ? null : wsUrlReasonOf(template.wsUrl, template.runtime, rules);
  if (template.wsUrl !== null && wsUrlReason !== null)
    findings.push({ group: index, field: "wsUrl", problem: { reason: wsUrlReason }, input: template.wsUrl });
  if (!isPrefix(identityPrefix, sizeOf(group) > group.chargerIds.length))
    findings.push({ group: index, field: "identityPrefix", problem: "shape", input: identityPrefix });
  else checkSuffixes(group, index, taken, findings);
  return result.kind === "ok" ? result.blueprint : null;
}

/** Why a charger with this runtime cannot have this `ws_url`; null: it can. */
export function wsUrlReasonOf(
  wsUrl: string,
  runtime: ChargerTemplate["runtime"],
  rules: WsUrlRules,
): string | null {
  if (runtime === "external") return "ws_url is not allowed for an external charger";
  return wsUrlProblem(wsUrl, rules);
}

function isPrefix(prefix: string, isPadded: boolean): boolean {
  if (prefix === "") return true;
  return IDENTITY_SHAPE.test(isPadded ? prefix + "0".repeat(2 * RANDOM_SUFFIX_BYTES) : prefix);
}

function checkSuffixes(
  group: ChargerGroup,
  index: number,
  taken: Set<string>,
  findings: GroupFinding[],
): void {
  const prefix = group.template.identityPrefix;
  for (const [at, suffix] of group.chargerIds.slice(0, sizeOf(group)).entries()) {
    const identity = prefix + suffix;
    const problem = identityProblem(identity, taken);
    if (problem !== null)
      findings.push({ group: index, field: "chargerIds", index: at, problem, input: suffix });
    taken.add(identity);
  }
}

function identityProblem(identity: string, taken: ReadonlySet<string>): GroupFinding["problem"] | null {
  if (!IDENTITY_SHAPE.test(identity)) return "shape";
  if (!isIdentity(identity)) return { reason: `identity '${identity}' must contain a letter or a digit` };
  return taken.has(identity)
    ? { reason: `identity '${identity}' occurs more than once in this request` }
    : null;
}

function chargersOf(group: ChargerGroup, index: number, taken: Set<string>, ids: Ids): NewCharger[] {
  const { identityPrefix, templateName } = group.template;
  return Array.from({ length: sizeOf(group) }, (_, at): NewCharger => {
    const given = group.chargerIds[at];
    const suffix = given ?? freeSuffix(identityPrefix, taken, ids);
    const name = templateName === null ? null : `${templateName} ${suffix}`;
    const identity = identityPrefix + suffix;
    return { id: ids.uuid(), identity, name, group: index, random: given === undefined };
  });
}

function freeSuffix(prefix: string, taken: Set<string>, ids: Ids): string {
  for (;;) {
    const suffix = ids.hex(RANDOM_SUFFIX_BYTES);
    if (taken.has(prefix + suffix)) continue;
    taken.add(prefix + suffix);
    return suffix;
  }
}
