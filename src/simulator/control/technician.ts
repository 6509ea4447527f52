import type { JsonObject } from "../../ocpp/json.ts";
import type { StationEvent } from "../../ocpp/station-event.ts";
import { KEY_ALIASES } from "../../ocpp/v2x/configuration-key.ts";
import { encodeVariable, parseVariableKey } from "../../ocpp/v2x/variable-key.ts";
import { clearFault, injectFault, statusTold } from "../charging/faults.ts";
import { emptyCache, LIST_LENGTH_MAX } from "../charging/local-list.ts";
import { call } from "../line/calls.ts";
import { listOf, textOf } from "../station/read.ts";
import { isSettingOn } from "../station/setting-value.ts";
import type { ListEntry } from "../station/state.ts";
import type { CommandEnd, Turn } from "../station/turn.ts";

type EventOf<Kind extends StationEvent["kind"]> = Extract<StationEvent, { kind: Kind }>;

const done = (result: JsonObject): CommandEnd => ({ kind: "done", result });

/** Sends a CALL as it is given; the answer is handled like that of any other. */
export function send(turn: Turn, { action, payload }: EventOf<"send">): CommandEnd {
  if (turn.state.link !== "up") return { kind: "ignored", reason: "the station is not connected" };
  call(turn, action, payload);
  return done({});
}

export function configure(turn: Turn, { entries }: EventOf<"configure">): CommandEnd {
  return done({ results: entries.map(({ key, value }) => ({ key, status: setKey(turn, key, value) })) });
}

/** Sets a 1.6 key or a 2.x variable, as the command of the central system does. */
function setKey(turn: Turn, key: string, value: string): string {
  const { actions } = turn.dialect;
  if (turn.version === "ocpp1.6") {
    const answer = actions["ChangeConfiguration"]?.(turn, { key, value });
    return statusIn(answer && "result" in answer ? answer.result : {});
  }
  const alias = Object.hasOwn(KEY_ALIASES, key) ? KEY_ALIASES[key] : undefined;
  const address = parseVariableKey(alias ?? key);
  if (!address) return "NotSupported";
  const setVariableData = [{ attributeValue: value, ...encodeVariable(address) }];
  const answer = actions["SetVariables"]?.(turn, { setVariableData });
  const [result] = answer && "result" in answer ? (listOf(answer.result, "setVariableResult") ?? []) : [];
  return statusIn((result ?? {}) as JsonObject);
}

function statusIn(result: JsonObject): string {
  const status = textOf(result, "status") ?? textOf(result, "attributeStatus") ?? "Rejected";
  return ["Accepted", "Rejected", "RebootRequired"].includes(status) ? status : "NotSupported";
}

export function clearCache(turn: Turn): CommandEnd {
  return done({ clearedEntries: emptyCache(turn) });
}

export function updateList(
  turn: Turn,
  { version, isFull, entries: changes }: EventOf<"local_list">,
): CommandEnd {
  const { localList } = turn.state.memory;
  const told = (status: string) => done({ status, version: turn.state.memory.localList.version });
  if (!isSettingOn(turn.state, "LocalAuthListEnabled")) return told("Failed");
  if (version <= localList.version) return told("VersionMismatch");
  const entries = new Map<string, ListEntry>(isFull ? [] : Object.entries(localList.entries));
  for (const { idToken, status, expiresAtMs, group } of changes)
    entries.set(idToken.toLowerCase(), { status, expiresAtMs, ...(group !== null && { group }) });
  if (entries.size > LIST_LENGTH_MAX) return told("Failed");
  turn.remember({ localList: { version, entries: Object.fromEntries(entries) } });
  return told("Accepted");
}

/** An empty list has version 0 (OCPP 1.6 §5.10). */
export function clearList(turn: Turn): CommandEnd {
  const { entries } = turn.state.memory.localList;
  turn.remember({ localList: { version: 0, entries: {} } });
  return done({ deletedEntries: Object.keys(entries).length });
}

export function inject(turn: Turn, { connectorId, faultType, info }: EventOf<"inject_fault">): CommandEnd {
  injectFault(turn, connectorId, { type: faultType, info });
  return done({ faultType, status: statusTold(turn, connectorId) });
}

export function clear(turn: Turn, { connectorId }: EventOf<"clear_fault">): CommandEnd {
  const fault = clearFault(turn, connectorId);
  return done({ faultType: fault?.type ?? null, status: statusTold(turn, connectorId) });
}
