import type { JsonObject } from "../../ocpp/json.ts";
import { localVerdict } from "./local-list.ts";
import { objectOf, textOf, timeOf } from "../station/read.ts";
import { isSettingOn } from "../station/setting-value.ts";
import type { ListEntry } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";

const CACHE_MAX = 50;

/** Verdict on a token that needs no question: of the local list, otherwise of the cache; null: neither has it. */
function knownVerdict(turn: Turn, idToken: string): string | null {
  return localVerdict(turn, idToken) ?? cachedVerdict(turn, idToken);
}

/** Whether a token may charge without a connection (OCPP 1.6 §3.5, 2.x C13 to C15). */
export function isAcceptedOffline(turn: Turn, idToken: string): boolean {
  if (!isSettingOn(turn.state, "LocalAuthorizeOffline")) return false;
  const verdict = knownVerdict(turn, idToken);
  return verdict === null ? isSettingOn(turn.state, "AllowOfflineTxForUnknownId") : verdict === "Accepted";
}

/** Whether a token may charge without a question, although the station is connected. */
export function isTrusted(turn: Turn, idToken: string): boolean {
  return isSettingOn(turn.state, "LocalPreAuthorize") && knownVerdict(turn, idToken) === "Accepted";
}

/** Keeps what the central system said of the token of a CALL in the authorization cache. */
export function rememberVerdict(turn: Turn, asked: JsonObject, answer: JsonObject): void {
  const idToken = textOf(asked, "idTag") ?? textOf(objectOf(asked, "idToken") ?? {}, "idToken");
  const info = objectOf(answer, turn.dialect.verdictField);
  const status = info && textOf(info, "status");
  if (idToken === undefined || status === undefined || !isSettingOn(turn.state, "AuthorizationCacheEnabled"))
    return;
  const expiresAtMs = timeOf(info ?? {}, "expiryDate") ?? timeOf(info ?? {}, "cacheExpiryDateTime") ?? null;
  const group =
    textOf(info ?? {}, "parentIdTag") ?? textOf(objectOf(info ?? {}, "groupIdToken") ?? {}, "idToken");
  keep(turn, idToken.toLowerCase(), { status, expiresAtMs, ...(group !== undefined && { group }) });
}

function keep(turn: Turn, name: string, entry: ListEntry): void {
  const { cache } = turn.state.memory;
  const known = Object.hasOwn(cache, name) ? cache[name] : undefined;
  const isSame =
    known?.status === entry.status && known.expiresAtMs === entry.expiresAtMs && known.group === entry.group;
  if (isSame) return;
  const others = Object.entries(cache).filter(([other]) => other !== name);
  turn.remember({ cache: Object.fromEntries([...others, [name, entry] as const].slice(-CACHE_MAX)) });
}

function cachedVerdict(turn: Turn, idToken: string): string | null {
  const { cache } = turn.state.memory;
  const name = idToken.toLowerCase();
  const entry = Object.hasOwn(cache, name) ? cache[name] : undefined;
  if (!entry || !isSettingOn(turn.state, "AuthorizationCacheEnabled")) return null;
  return entry.expiresAtMs !== null && entry.expiresAtMs <= turn.around.nowMs ? "Expired" : entry.status;
}

/** Group of a token, as far as the local list or the cache knows it; null: none. */
export function groupOf(turn: Turn, idToken: string): string | null {
  const { cache, localList } = turn.state.memory;
  const name = idToken.toLowerCase();
  const entries = [localList.entries, cache].map((all) => (Object.hasOwn(all, name) ? all[name] : undefined));
  return entries.find((entry) => entry?.group !== undefined)?.group ?? null;
}
