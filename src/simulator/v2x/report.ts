import { isJsonObject, type JsonObject, type JsonValue } from "../../ocpp/json.ts";
import { call } from "../line/calls.ts";
import { incomplete } from "../line/inbound.ts";
import { integerOf, listOf, objectOf, textOf } from "../station/read.ts";
import { type Setting, valueOf, type VariablePath } from "../device-model/settings.ts";
import type { Answer, InboundHandler, Turn } from "../station/turn.ts";
import { isSame, variablesOf } from "./variables.ts";

const ROWS_PER_PART = 20;
const MUTABILITY = { read: "ReadOnly", readWrite: "ReadWrite", write: "WriteOnly" } as const;

const INVENTORIES: Readonly<Record<string, (setting: Setting) => boolean>> = {
  ConfigurationInventory: ({ access }) => access !== "read",
  FullInventory: () => true,
  SummaryInventory: ({ path2x }) => path2x?.variable === "AvailabilityState",
};

/** GetBaseReport (B07): the answer first, then the report in parts numbered from 0. */
export const getBaseReport: InboundHandler = (turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  const base = textOf(payload, "reportBase") ?? "";
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  const isIncluded = Object.hasOwn(INVENTORIES, base) ? INVENTORIES[base] : undefined;
  if (!isIncluded) return { result: { status: "NotSupported" } };
  return reportOf(turn, requestId, variablesOf(turn).filter(isIncluded));
};

/** GetReport (B08): the named variables of components that meet one of the criteria. */
export const getReport: InboundHandler = (turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  const named = listOf(payload, "componentVariable")?.filter(isJsonObject);
  const criteria = listOf(payload, "componentCriteria");
  const all = variablesOf(turn);
  const chosen = all
    .filter(({ path2x }) => !named || named.some((each) => path2x && isMeant(path2x, each)))
    .filter(({ path2x }) => !criteria || criteria.some((each) => path2x && meets(turn, all, path2x, each)));
  if (chosen.length === 0) return { result: { status: "EmptyResultSet" } };
  return reportOf(turn, requestId, chosen);
};

/** Whether a variable matches an entry; fields that the entry omits match anything (B08.FR.15 and following). */
function isMeant(path: VariablePath, entry: JsonObject): boolean {
  const component = objectOf(entry, "component") ?? {};
  const variable = objectOf(entry, "variable") ?? {};
  const evse = objectOf(component, "evse") ?? {};
  return (
    isSame(path.component, textOf(component, "name")) &&
    (integerOf(evse, "id") ?? path.evse?.id) === path.evse?.id &&
    (integerOf(evse, "connectorId") ?? path.evse?.connectorId) === path.evse?.connectorId &&
    isSame(path.variable, textOf(variable, "name") ?? path.variable) &&
    isSame(path.instance, textOf(variable, "instance") ?? path.instance)
  );
}

/**
 * Whether a component meets a criterion. One without the variable counts as active, available and enabled, without a
 * problem (B08.FR.07 to 10).
 */
function meets(
  turn: Turn,
  all: readonly Setting[],
  { component, evse }: VariablePath,
  wanted: JsonValue,
): boolean {
  const setting = all.find(
    ({ path2x }) =>
      path2x?.variable === wanted &&
      path2x.component === component &&
      path2x.evse?.id === evse?.id &&
      path2x.evse?.connectorId === evse?.connectorId,
  );
  return setting ? valueOf(turn, setting) === "true" : wanted !== "Problem";
}

function reportOf(turn: Turn, requestId: number, settings: readonly Setting[]): Answer {
  const rows = settings.map((setting) => row(turn, setting));
  return { result: { status: "Accepted" }, after: (answered) => report(answered, requestId, rows) };
}

function report(turn: Turn, requestId: number, rows: JsonObject[]): void {
  const generatedAt = turn.now();
  for (let from = 0; from < rows.length; from += ROWS_PER_PART) {
    const reportData = rows.slice(from, from + ROWS_PER_PART);
    const tbc = from + ROWS_PER_PART < rows.length;
    const seqNo = from / ROWS_PER_PART;
    call(turn, "NotifyReport", { requestId, generatedAt, seqNo, tbc, reportData }, { triggered: true });
  }
}

/** Row of a report; write-only variables have no value. */
function row(turn: Turn, setting: Setting): JsonObject {
  const { path2x, access, type = "string", maxLimit } = setting;
  const value: JsonObject = access === "write" ? {} : { value: valueOf(turn, setting) };
  const characteristics = { dataType: type, supportsMonitoring: false };
  return {
    ...address(path2x as VariablePath),
    variableAttribute: [{ ...value, mutability: MUTABILITY[access] }],
    variableCharacteristics: maxLimit === undefined ? characteristics : { ...characteristics, maxLimit },
  };
}

function address({ component, evse, variable, instance }: VariablePath): JsonObject {
  return {
    component: { name: component, ...(evse && { evse: { ...evse } }) },
    variable: { name: variable, ...(instance !== undefined && { instance }) },
  };
}
