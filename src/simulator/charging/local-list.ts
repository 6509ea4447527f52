import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import { incomplete } from "../line/inbound.ts";
import { integerOf, listOf, textOf } from "../station/read.ts";
import { isSettingOn } from "../station/setting-value.ts";
import type { ListEntry } from "../station/state.ts";
import type { InboundHandler, Turn } from "../station/turn.ts";

export const LIST_LENGTH_MAX = 1_000;
export const LIST_PART_MAX = 100;

interface ListUpdate {
  readonly version: number;
  readonly isFull: boolean;
  /** Entries to set; null removes the tag. */
  readonly changes: ReadonlyArray<readonly [idToken: string, entry: ListEntry | null]>;
}

function updateLocalList(turn: Turn, update: ListUpdate): "Accepted" | "Failed" | "VersionMismatch" {
  const { localList } = turn.state.memory;
  const { version, isFull, changes } = update;
  if (!isSettingOn(turn.state, "LocalAuthListEnabled") || version < 1) return "Failed";
  if (!isFull && version <= localList.version) return "VersionMismatch";
  const entries = new Map(isFull ? [] : Object.entries(localList.entries));
  for (const [idToken, entry] of changes) {
    if (entry) entries.set(idToken.toLowerCase(), entry);
    else entries.delete(idToken.toLowerCase());
  }
  if (changes.length > LIST_PART_MAX || entries.size > LIST_LENGTH_MAX) return "Failed";
  turn.remember({ localList: { version, entries: Object.fromEntries(entries) } });
  return "Accepted";
}

/** Handler of SendLocalList: the name of its version number field, and how an entry is read. */
export function listReceiver(
  numberField: string,
  readChange: (entry: JsonObject) => ListUpdate["changes"][number] | null,
): InboundHandler {
  return function sendLocalList(turn, payload) {
    const version = integerOf(payload, numberField);
    const updateType = textOf(payload, "updateType");
    if (version === undefined) return incomplete(payload, numberField, "integer");
    if (updateType !== "Full" && updateType !== "Differential") return incomplete(payload, "updateType");
    const changes = (listOf(payload, "localAuthorizationList") ?? []).map((entry) =>
      isJsonObject(entry) ? readChange(entry) : null,
    );
    const known = changes.filter((change) => change !== null);
    if (known.length < changes.length) return incomplete(payload, "localAuthorizationList", "array");
    const update = { version, isFull: updateType === "Full", changes: known };
    return { result: { status: updateLocalList(turn, update) } };
  };
}

/** Status of a tag in the local list; null: not listed. */
export function localVerdict(turn: Turn, idToken: string): string | null {
  const { entries } = turn.state.memory.localList;
  const name = idToken.toLowerCase();
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (!entry || !isSettingOn(turn.state, "LocalAuthListEnabled")) return null;
  return entry.expiresAtMs !== null && entry.expiresAtMs <= turn.around.nowMs ? "Expired" : entry.status;
}

/** ClearCache; Rejected if the cache is switched off (1.6 errata 3.23, 2.x C11.FR.04). */
export const clearCache: InboundHandler = (turn) => {
  if (!isSettingOn(turn.state, "AuthorizationCacheEnabled")) return { result: { status: "Rejected" } };
  emptyCache(turn);
  return { result: { status: "Accepted" } };
};

/** Empties the authorization cache; returns how many entries it had. */
export function emptyCache(turn: Turn): number {
  const { length } = Object.keys(turn.state.memory.cache);
  if (length > 0) turn.remember({ cache: {} });
  return length;
}
