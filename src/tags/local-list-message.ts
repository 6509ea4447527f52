import type { CommandOf, LocalListChange } from "../ocpp/charger-command.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import type { ListedEntries, ListedEntry, ListTag, LocalListLimits } from "../ports.ts";

/** Entries of one message to a station that has not reported its limit. */
const ITEMS_DEFAULT = 100;
/** What an entry and a message have beside their own texts, as JSON. */
const ENTRY_BYTES = 120;
const MESSAGE_BYTES = 200;
/** Type of the token of a tag without one. A list is for the cards that are held against a station. */
const TYPE_DEFAULT = "ISO14443";

const ID_TAG_MAX = { "ocpp1.6": 20, "ocpp2.0.1": 36, "ocpp2.1": 36 } as const;

/** Longest tag that a station of this version can read. */
export function idTagMax(version: OcppVersion): number {
  return ID_TAG_MAX[version];
}

/** One SendLocalList without its version, and what the station holds after it. */
export interface ListMessage extends Pick<CommandOf<"sendLocalList">, "updateType" | "entries"> {
  after: ListedEntries;
}

/** The entries that a station should hold. */
export function listedEntries(tags: readonly ListTag[], version: OcppVersion): ListedEntries {
  return Object.fromEntries(tags.map((tag) => [tag.key, entryOf(tag, version)]));
}

function entryOf({ idTag, type, blocked, groupId, expiresAtMs }: ListTag, version: OcppVersion): ListedEntry {
  const rest = JSON.stringify([blocked ? "Blocked" : "Accepted", expiresAtMs, groupId]);
  return [idTag, version === "ocpp1.6" ? null : (type ?? TYPE_DEFAULT), rest];
}

/**
 * The next message that brings a station from what it holds to what it should hold; null: it holds that. `held` null: not
 * known, so the list is replaced. Otherwise it is changed, unless the changes are more than the list itself.
 */
export function nextMessage(
  held: ListedEntries | null,
  wanted: ListedEntries,
  limits: Pick<LocalListLimits, "itemsMax" | "bytesMax">,
): ListMessage | null {
  const changes = held && changesOf(held, wanted);
  if (changes?.length === 0) return null;
  const isFull = !held || !changes || changes.length > Object.keys(wanted).length;
  const after: ListedEntries = isFull ? {} : { ...held };
  const all = isFull ? Object.entries(wanted).map(([key, entry]) => setting(key, entry)) : changes;
  const entries: LocalListChange[] = [];
  for (const { key, entry, isSet } of fitting(all, limits)) {
    if (isSet) after[key] = entry;
    else delete after[key];
    entries.push(isSet ? setOf(entry) : removalOf(entry));
  }
  return { updateType: isFull ? "Full" : "Differential", entries, after };
}

interface Change {
  key: string;
  entry: ListedEntry;
  isSet: boolean;
}

const setting = (key: string, entry: ListedEntry): Change => ({ key, entry, isSet: true });

/** Removals first, so that a full list has room for what is added. */
function changesOf(held: ListedEntries, wanted: ListedEntries): Change[] {
  const removed = Object.entries(held).filter(([key, entry]) => !isSameToken(entry, wanted[key]));
  const set = Object.entries(wanted).filter(([key, entry]) => {
    const known = held[key];
    return !known || !isSameToken(known, entry) || known[2] !== entry[2];
  });
  return [
    ...removed.map(([key, entry]) => ({ key, entry, isSet: false })),
    ...set.map(([key, entry]) => setting(key, entry)),
  ];
}

function isSameToken(one: ListedEntry, other: ListedEntry | undefined): boolean {
  return other !== undefined && one[0] === other[0] && one[1] === other[1];
}

/** As many as fit into one message, at least one. A tag is not removed and set in the same message. */
function fitting(
  changes: readonly Change[],
  { itemsMax, bytesMax }: Pick<LocalListLimits, "itemsMax" | "bytesMax">,
): Change[] {
  const items = Math.max(1, itemsMax ?? ITEMS_DEFAULT);
  const keys = new Set<string>();
  const chosen: Change[] = [];
  let bytes = MESSAGE_BYTES;
  for (const change of changes.slice(0, items)) {
    bytes += ENTRY_BYTES + JSON.stringify(change.entry).length;
    const isFull = chosen.length > 0 && bytesMax !== null && bytes > bytesMax;
    if (isFull || keys.has(change.key)) break;
    keys.add(change.key);
    chosen.push(change);
  }
  return chosen;
}

function setOf([idTag, type, rest]: ListedEntry): LocalListChange {
  const [status, expiresAtMs, groupId] = JSON.parse(rest) as [
    "Accepted" | "Blocked",
    number | null,
    string | null,
  ];
  return {
    idTag,
    status,
    ...(type !== null && { type }),
    ...(expiresAtMs !== null && { expiryDate: new Date(expiresAtMs).toISOString() }),
    ...(groupId !== null && { parentIdTag: groupId }),
  };
}

function removalOf([idTag, type]: ListedEntry): LocalListChange {
  return { idTag, status: null, ...(type !== null && { type }) };
}
