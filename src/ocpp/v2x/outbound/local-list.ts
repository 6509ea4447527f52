import type { CommandContext, CommandOf, CommandScript, LocalListChange } from "../../charger-command.ts";
import { ask, awaitReport, compact, stationWord } from "../../command-script.ts";
import type { JsonObject } from "../../json.ts";
import { optionalObject, optionalText } from "../../payload.ts";
import { flagOf, wholeNumberOf } from "../../text-value.ts";
import { actualAttribute, readVariable } from "../variable-key.ts";

const token = (idToken: string, type = "Central") => ({ idToken, type });

/** SendLocalList (OCPP 2.x D01). A full update without entries empties the list; an entry without a status removes its tag. */
export function* sendLocalList(command: CommandOf<"sendLocalList">): CommandScript {
  const { listVersion: versionNumber, updateType, entries } = command;
  const list = entries.map(entryOf);
  const localAuthorizationList = list.length === 0 ? undefined : list;
  const answer = yield* ask("SendLocalList", compact({ versionNumber, updateType, localAuthorizationList }));
  const word = stationWord(answer);
  return { kind: "status", status: word.ocppStatus ?? "", ...word };
}

function entryOf(entry: LocalListChange): JsonObject {
  const { idTag, status, type } = entry;
  if (status === null) return { idToken: token(idTag, type) };
  const groupIdToken = entry.parentIdTag === undefined ? undefined : token(entry.parentIdTag);
  const info = compact({ status, cacheExpiryDateTime: entry.expiryDate, groupIdToken });
  return { idToken: token(idTag, type), idTokenInfo: info };
}

/** GetLocalListVersion (OCPP 2.x D02). */
export function* getLocalListVersion(): CommandScript {
  const { versionNumber } = yield* ask("GetLocalListVersion", {});
  return { kind: "localListVersion", listVersion: Number(versionNumber) };
}

const COMPONENT = "LocalAuthListCtrlr";

/**
 * Limits of the local list from a report of its component (OCPP 2.x B08), because the most entries are a characteristic of a
 * variable, which GetVariables does not return.
 */
export function* getLocalListLimits(_command: object, ctx: CommandContext): CommandScript {
  const requestId = ctx.nextRequestId();
  const componentVariable = [{ component: { name: COMPONENT } }];
  const { ocppStatus } = stationWord(yield* ask("GetReport", { requestId, componentVariable }));
  const rows = ocppStatus === "Accepted" ? yield* awaitReport(requestId) : [];
  const row = (name: string) => rows.find((each) => isVariable(each, name)) ?? null;
  const text = (name: string) => valueOf(row(name));
  return {
    kind: "localListLimits",
    isEnabled: flagOf(text("Enabled")),
    entriesMax: maxLimitOf(row("Entries")),
    itemsMax: wholeNumberOf(text("ItemsPerMessage")),
    bytesMax: wholeNumberOf(text("BytesPerMessage")),
  };
}

/** Names of the device model are case-insensitive. */
function isVariable(row: JsonObject, name: string): boolean {
  const address = readVariable(row);
  const isOfList = address?.component.toLowerCase() === COMPONENT.toLowerCase();
  return isOfList && address.variable.toLowerCase() === name.toLowerCase();
}

function valueOf(row: JsonObject | null): string | null {
  const attribute = row && actualAttribute(row);
  return attribute ? optionalText(attribute, "value") : null;
}

function maxLimitOf(row: JsonObject | null): number | null {
  const limit = row && optionalObject(row, "variableCharacteristics")?.maxLimit;
  return typeof limit === "number" && limit >= 0 ? Math.floor(limit) : null;
}
