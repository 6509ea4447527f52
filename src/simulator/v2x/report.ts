import type { JsonObject } from "../../ocpp/json.ts";
import { call } from "../calls.ts";
import { incomplete, type InboundHandler } from "../inbound.ts";
import { integerOf, textOf } from "../read.ts";
import { valueOf, type Setting, type VariablePath } from "../settings.ts";
import type { Turn } from "../turn.ts";
import { variablesOf } from "./variables.ts";

const ROWS_PER_PART = 20;
const MUTABILITY = { read: "ReadOnly", readWrite: "ReadWrite", write: "WriteOnly" } as const;

const INVENTORIES: Readonly<Record<string, (setting: Setting) => boolean>> = {
  ConfigurationInventory: ({ access }) => access !== "read",
  FullInventory: () => true,
  SummaryInventory: ({ path2x }) => path2x?.variable === "AvailabilityState",
};

/** B07: the answer first, then the report in parts that are numbered from 0. */
export const getBaseReport: InboundHandler = (turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  const base = textOf(payload, "reportBase") ?? "";
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  const isIncluded = Object.hasOwn(INVENTORIES, base) ? INVENTORIES[base] : undefined;
  if (!isIncluded) return { result: { status: "NotSupported" } };
  const rows = variablesOf(turn)
    .filter(isIncluded)
    .map((setting) => row(turn, setting));
  return { result: { status: "Accepted" }, after: (answered) => report(answered, requestId, rows) };
};

function report(turn: Turn, requestId: number, rows: JsonObject[]): void {
  const generatedAt = turn.now();
  for (let from = 0; from < rows.length; from += ROWS_PER_PART) {
    const reportData = rows.slice(from, from + ROWS_PER_PART);
    const tbc = from + ROWS_PER_PART < rows.length;
    const seqNo = from / ROWS_PER_PART;
    call(turn, "NotifyReport", { requestId, generatedAt, seqNo, tbc, reportData }, { triggered: true });
  }
}

/** The value of a write-only variable is never told. */
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
