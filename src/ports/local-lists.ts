import type { OcppVersion } from "../ocpp/version.ts";

/**
 * What became of a managed list. "pending": not brought to the station yet. "cut": the station's limits leave no room for all
 * tags. "failed", "unsupported": the station's word. "disabled": the station has its local list switched off.
 * "unanswered": the station gave no answer. "replaced": a list that was sent directly switched the mode off.
 */
export type LocalListOutcome =
  | "pending"
  | "applied"
  | "cut"
  | "failed"
  | "unsupported"
  | "disabled"
  | "unanswered"
  | "replaced";

export type LocalListMode = "managed" | "off";

/** The list of a charger, for clients. */
export interface LocalListState {
  mode: LocalListMode;
  /** The highest version that was sent; null: none. */
  version: number | null;
  /** What the station said last; null: nothing. */
  reportedVersion: number | null;
  /** Entries that the station confirmed; null: not known. */
  entries: number | null;
  outcome: LocalListOutcome | null;
  /** Null: the mode was never set. */
  updatedAt: Date | null;
}

/** An entry that a station confirmed: tag, type on OCPP 2.x, and everything else as text. */
export type ListedEntry = [idTag: string, type: string | null, rest: string];

/** Entries that a station confirmed, by the key of their tag. */
export type ListedEntries = Record<string, ListedEntry>;

/** Limits of a station's list in its own words; null: not reported. */
export interface LocalListLimits {
  isEnabled: boolean | null;
  entriesMax: number | null;
  /** Entries of one message. */
  itemsMax: number | null;
  /** Bytes of one message. */
  bytesMax: number | null;
}

/** Limits with the version that they were read in. */
export interface KnownLimits extends LocalListLimits {
  ocppVersion: OcppVersion;
}

/** Everything a run reads of a managed list. */
export interface LocalListWork {
  chargerId: string;
  organizationId: string;
  organizationSlug: string;
  identity: string;
  masterPassGroupId: string | null;
  revision: number;
  /** The highest version that was given out; 0: none. */
  version: number;
  list: ListedEntries | null;
  listVersion: number | null;
  limits: KnownLimits | null;
  outcome: LocalListOutcome | null;
  /** For which connection and boot the station was asked last. */
  generation: number;
  checkedBoots: number;
  boots: number;
}

/** A tag that belongs into the list of a station. */
export interface ListTag {
  key: string;
  idTag: string;
  type: string | null;
  groupId: string | null;
  blocked: boolean;
  expiresAtMs: number | null;
}

/** For what a list was brought in line, or could not be. */
export interface LocalListResult {
  outcome: LocalListOutcome;
  reportedVersion: number | null;
  limits: KnownLimits | null;
  /** Null: the tags were not read. */
  tagVersion: number | null;
  masterPassGroupId: string | null;
  generation: number;
  boots: number;
}

/** Storage of managed local lists. */
export interface LocalListStore {
  /** Null: no such charger. */
  get(organizationId: string, identity: string): Promise<LocalListState | null>;
  /**
   * Sets the mode and returns the list. Null: no such charger. `start`: the run that is to be started; null: nothing changed, or
   * off.
   */
  setMode(
    organizationId: string,
    identity: string,
    mode: LocalListMode,
    now: Date,
  ): Promise<{ start: { chargerId: string; attempt: number } | null; state: LocalListState } | null>;
  /** Switches the mode off because a list is sent directly. Returns the new revision; null: it was not managed. */
  replace(organizationId: string, identity: string, now: Date): Promise<number | null>;
  /** Undoes `replace`, because nothing was sent. A mode that was set since is not changed. */
  keep(organizationId: string, identity: string, revision: number, now: Date): Promise<void>;
  /** Null: not managed, or the charger is deleted. */
  work(chargerId: string): Promise<LocalListWork | null>;
  /**
   * Tags for the list of a charger with the version of the organisation's tags: those that may charge first, then by key.
   * `idTagMax`: longer tags are left out.
   */
  wanted(
    work: Pick<LocalListWork, "organizationId" | "chargerId" | "masterPassGroupId">,
    idTagMax: number,
    limit: number,
    now: Date,
  ): Promise<{ version: number; tags: ListTag[] }>;
  /** Stores a version before it is sent. False: it is not new any more, or the list is not managed any more. */
  begin(work: Pick<LocalListWork, "chargerId" | "revision">, version: number): Promise<boolean>;
  /** Stores what the station confirmed. */
  confirm(
    work: Pick<LocalListWork, "chargerId" | "revision">,
    version: number,
    list: ListedEntries,
  ): Promise<void>;
  /** Stores the end of a run. The sweeper starts the next one when something has changed since. */
  record(
    work: Pick<LocalListWork, "chargerId" | "revision">,
    result: LocalListResult,
    now: Date,
  ): Promise<void>;
  /** Puts off the next run of the sweeper, because this one goes on. */
  postpone(work: Pick<LocalListWork, "chargerId" | "revision">, until: Date): Promise<void>;
  /**
   * Connected chargers whose list is managed, and whose tags, connection or boot is newer than what the list was brought in
   * line for. Raises their attempt. At most 500.
   */
  due(now: Date): Promise<Array<{ chargerId: string; attempt: number }>>;
}
