import {
  BATCH_CHARGERS_MAX,
  type ChargerGroup,
  expandGroups,
  type GroupFinding,
} from "../../fleet/create/expand-groups.ts";
import { IDENTITY_SHAPE } from "../../ocpp/identity.ts";
import type { WsUrlRules } from "../../fleet/address/ws-url.ts";
import type { ChargerBlueprint, Ids, NewCharger } from "../../ports.ts";
import type { Examined } from "../operation/operation.ts";
import {
  examineWith,
  type Finding,
  FINDINGS_MAX,
  listLength,
  patternMismatch,
  plainFinding,
  valueError,
} from "./findings.ts";
import { chargerGroup, GROUP_FIELD_PATHS, LocationChargersGroup } from "./schemas/location-chargers.ts";

const FIELD_ORDER = [
  "template",
  "brand_slug",
  "model_slug",
  "ocpp_version",
  "connector_type",
  "ws_url",
  "runtime",
  "identity_prefix",
  "template_name",
  "charger_ids",
  "chargers_number",
];

interface ExpandedBatch {
  blueprints: ChargerBlueprint[];
  chargers: NewCharger[];
}

/** Validates the body of a bulk create and expands its groups to chargers. */
export function examineGroups(raw: unknown, ids: Ids, rules: WsUrlRules): Examined<ExpandedBatch, Finding> {
  if (!Array.isArray(raw)) return { findings: [plainFinding("list_type", ["body"], raw)] };
  if (raw.length === 0) return { findings: [listLength("short", 1, 0, ["body"], raw)] };
  if (raw.length > BATCH_CHARGERS_MAX) return { findings: [tooMany(raw.length, raw)] };
  const findings: Finding[] = [];
  const groups = raw.map((group, index) => readGroup(group, index, findings));
  const expansion = expandGroups(groups, ids, rules);
  if (expansion.kind === "tooMany") return { findings: [tooMany(expansion.count, raw)] };
  if (expansion.kind === "expanded") return { value: expansion };
  return { findings: [...findings, ...expansion.findings.map(onTheWire)].sort(byPlace) };
}

function readGroup(raw: unknown, index: number, findings: Finding[]): ChargerGroup | null {
  // An answer has at most this many findings: further groups need not be validated.
  if (findings.length >= FINDINGS_MAX) return null;
  const { group, listed } = cutList(raw);
  const examined = examineWith(LocationChargersGroup, group, ["body", index]);
  if ("findings" in examined) {
    findings.push(...examined.findings);
    return null;
  }
  const read = chargerGroup(examined.value);
  return read.chargersNumber === null && listed > read.chargerIds.length
    ? { ...read, chargersNumber: listed }
    : read;
}

/** Cuts a list of suffixes that is longer than the largest batch. `listed` is its real length, 0: it was not cut. */
function cutList(raw: unknown): { group: unknown; listed: number } {
  if (typeof raw !== "object" || raw === null || !("charger_ids" in raw)) return { group: raw, listed: 0 };
  const list = raw.charger_ids;
  if (!Array.isArray(list) || list.length <= BATCH_CHARGERS_MAX) return { group: raw, listed: 0 };
  return { group: { ...raw, charger_ids: list.slice(0, BATCH_CHARGERS_MAX) }, listed: list.length };
}

function tooMany(count: number, raw: unknown): Finding {
  return listLength("long", BATCH_CHARGERS_MAX, count, ["body"], raw);
}

function onTheWire({ group, field, index, problem, input }: GroupFinding): Finding {
  const loc = ["body", group, ...GROUP_FIELD_PATHS[field], ...(index === undefined ? [] : [index])];
  return problem === "shape"
    ? patternMismatch(IDENTITY_SHAPE.source, loc, input)
    : valueError(problem.reason, loc, input);
}

function byPlace(a: Finding, b: Finding): number {
  for (let at = 1; at < Math.max(a.loc.length, b.loc.length); at++) {
    const difference = rank(a.loc[at]) - rank(b.loc[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function rank(part: string | number | undefined): number {
  return typeof part === "number" ? part : FIELD_ORDER.indexOf(part ?? "");
}
