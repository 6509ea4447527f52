import type { KeyLimits } from "../../../ocpp/commands.ts";
import type {
  BootFacts,
  ConnectorState,
  JobRequests,
  RegistrationStatus,
} from "../../../ocpp/station-state.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";
import type { SecurityProfile, SessionProvision, SessionRef, StoredCredential } from "../../../ports.ts";
import type { SettingsLease } from "../../../ports.ts";
import type { RefusedToken } from "./refused-tokens.ts";
import { completeCredential } from "./stored-credential.ts";

export interface StoredConnector extends ConnectorState {
  /** When we heard of it; `at` orders reports and is voided by a boot. */
  readonly updatedAtMs: number;
}

/** A fact that waits for Postgres. `seq` orders the facts of a session, wherever they wait. */
export interface WaitingFact {
  readonly seq: number;
  readonly chargerId: string;
  readonly generation: number;
  readonly atMs: number;
  readonly json: string;
}

/** An answer of ours, by which a repeat of its CALL is answered. */
export interface KeptReply {
  readonly messageId: string;
  /** Of action and payload. */
  readonly digest: string;
  readonly response: string;
}

/** Transaction ids from `from` up to but without `to`. */
export interface IdRange {
  from: number;
  to: number;
}

/** A remote start that was sent and whose transaction has not begun. */
export interface StoredStart {
  /** Reserved for the transaction. */
  readonly transactionId: number;
  /** `txn_` id of the transaction's row. */
  readonly rowId: string;
  /** The number that a 2.x station repeats. */
  readonly remoteStartId: number;
  /** Null: any. */
  readonly evseId: number | null;
  readonly idTag: string;
  readonly atMs: number;
  /** It has been reported to Postgres as expired. */
  readonly isExpired: boolean;
}

/** A reservation that a station was asked for. */
export interface StoredReservation {
  /** `rsv_` id of its row. */
  readonly rowId: string;
  /** The number that the station knows it by. */
  readonly reservationId: number;
  /** 0: any. */
  readonly evseId: number;
  readonly idTag: string;
  readonly groupId: string | null;
  readonly expiresAtMs: number;
  readonly atMs: number;
  /** `asked`: not answered yet; `expired`: remembered for a start that comes late. */
  readonly state: "asked" | "active" | "expired";
}

/** A security event that the session notices by itself. */
export type SecurityNotice = "Takeover" | "Quarantine" | "MessageFlood" | "InvalidMessages";

/**
 * Counts the changes of what a session stores. A change only adds: what the version before reads is written for as long as
 * that version may come back, and what a later one added is kept unread (ADR 0021).
 */
export const RECORD_FORMAT = 4;

/** All a session knows, stored as one value: provisioning and a boot cost one write each. */
export interface SessionRecord {
  /** Of the version that wrote the record last. */
  format: number;
  chargerId: string;
  organizationId: string;
  organizationSlug: string;
  identity: string;
  createdAtMs: number;
  securityProfile: SecurityProfile;
  credential: StoredCredential | null;
  /** The form last reported to Postgres, as JSON; null: none. */
  toldCredential: string | null;
  /** Answer to the next BootNotification. */
  bootAnswer: RegistrationStatus;
  /** Our last answer; null: never booted. Survives the socket (OCPP-J: a reconnect brings no boot). */
  registration: RegistrationStatus | null;
  heartbeatIntervalSeconds: number;
  /** Offset of the station's clock in ms, positive is ahead; 0: within a minute, or not known. */
  clockOffMs: number;
  bootFacts: BootFacts | null;
  connectors: StoredConnector[];
  /** Actions we triggered before the station was accepted. */
  triggered: string[];
  jobRequests: JobRequests;
  /** The last request id we gave; null: none yet. */
  lastRequestId: number | null;
  /** Grows with every accepted socket. */
  generation: number;
  /** The connection as last reported to Postgres; null: offline. */
  connected: { version: OcppVersion; connectedAtMs: number } | null;
  version: OcppVersion | null;
  keyLimits: KeyLimits;
  /** When it was last asked to boot for the first time, epoch ms. */
  bootAskedAtMs: number;
  /** Where the station came from when it was let in last; null: never. */
  lastLogin: { ip: string; atMs: number } | null;
  /** A CALL has ever come in. */
  hasCalled: boolean;
  /** Exact when offline; while connected the socket's attachment is fresher. */
  lastMessageAtMs: number | null;
  /** Time up to which the projection knows `lastMessageAtMs`. */
  seenAtMs: number;
  probedAtMs: number | null;
  takeoversAtMs: number[];
  quarantinedUntilMs: number;
  /** Epoch ms at which each was reported last. */
  noticesAtMs: Partial<Record<SecurityNotice, number>>;
  alarmAtMs: number | null;
  flushFailures: number;
  /** The newest facts that Postgres does not know yet; `hasOutboxRows`: older ones stand in the outbox table. */
  outbox: WaitingFact[];
  factSeq: number;
  /** Time of the newest fact. No later fact is older, even when our clock is put back. */
  factAtMs: number;
  hasOutboxRows: boolean;
  /** The newest answers; `hasReplyRows`: older ones stand in the table of replies. */
  replies: KeptReply[];
  hasReplyRows: boolean;
  /** Transaction ids that are reserved and not used yet. */
  transactionIds: IdRange[];
  /** Expired ones first, then by age. */
  remoteStarts: StoredStart[];
  /** Expired ones first, then by age. */
  reservations: StoredReservation[];
  /** Organisation setting as it came with the provisioning or a later change; null: an older release left it unknown. */
  acceptsUnknownTags: boolean | null;
  /** Organisation settings for id tags, which come with the one above; see `TagRules`. */
  tagCacheSeconds: number | null;
  masterPassGroupId: string | null;
  /** The newest that were refused for their certificates. */
  refusedTokens: RefusedToken[];
  /** When that was read, see `UnknownTagPolicy`. */
  tagPolicyReadAtMs: number;
  /** The part of the settings that has to be renewed while the station is connected. */
  lease: SettingsLease | null;
  /** Postgres has no row of the charger, so it is not served. Everything is kept, should the row come back. */
  isOrphan: boolean;
  /** Deleted: serves no request, and is wiped when the outbox is empty. */
  isRetired: boolean;
}

const HEARTBEAT_INTERVAL_SECONDS = 300;

export const UNKNOWN_LIMITS: KeyLimits = { readKeysMax: null, writeKeysMax: null };

/** What a session knows of a station that has never come. */
const UNSEEN = {
  toldCredential: null,
  bootAnswer: "Accepted",
  registration: null,
  heartbeatIntervalSeconds: HEARTBEAT_INTERVAL_SECONDS,
  clockOffMs: 0,
  bootFacts: null,
  connectors: [],
  triggered: [],
  bootAskedAtMs: 0,
  keyLimits: UNKNOWN_LIMITS,
  jobRequests: {},
  lastRequestId: null,
  generation: 0,
  connected: null,
  version: null,
  lastLogin: null,
  hasCalled: false,
  lastMessageAtMs: null,
  seenAtMs: 0,
  probedAtMs: null,
  takeoversAtMs: [],
  quarantinedUntilMs: 0,
  noticesAtMs: {},
  alarmAtMs: null,
  flushFailures: 0,
  isOrphan: false,
  outbox: [],
  factSeq: 0,
  factAtMs: 0,
  hasOutboxRows: false,
  replies: [],
  hasReplyRows: false,
  transactionIds: [],
  remoteStarts: [],
  reservations: [],
  acceptsUnknownTags: null,
  tagCacheSeconds: null,
  masterPassGroupId: null,
  refusedTokens: [],
  tagPolicyReadAtMs: 0,
  lease: null,
  isRetired: false,
} satisfies Partial<SessionRecord>;

/** The first version kept facts and answers in tables alone, numbered from one. */
const TABLES_ALONE = { factSeq: 2 ** 40, hasOutboxRows: true, hasReplyRows: true };

/** A record as this version reads it, whichever wrote it: what is missing is as if the station had never come. */
export function completeRecord(stored: SessionRecord): SessionRecord {
  const credential = stored.credential && completeCredential(stored.credential);
  return { ...structuredClone(UNSEEN), ...TABLES_ALONE, ...stored, credential };
}

export function newRecord(
  ref: SessionRef,
  input: SessionProvision,
  credential: StoredCredential | null,
): SessionRecord {
  return {
    ...structuredClone(UNSEEN),
    format: RECORD_FORMAT,
    chargerId: input.chargerId,
    organizationId: input.organizationId,
    organizationSlug: ref.organizationSlug,
    identity: ref.identity,
    createdAtMs: input.createdAtMs,
    securityProfile: input.securityProfile,
    credential,
    bootAnswer: input.registrationStatus,
    generation: input.generation ?? 0,
    acceptsUnknownTags: input.tagPolicy?.acceptsUnknown ?? null,
    tagCacheSeconds: input.tagPolicy?.cacheSeconds ?? null,
    masterPassGroupId: input.tagPolicy?.masterPassGroupId ?? null,
    tagPolicyReadAtMs: input.tagPolicy?.readAtMs ?? 0,
  };
}

/** False for a missing, retired or orphaned record: upgrades and commands are refused. */
export function isServed(record: SessionRecord | null): record is SessionRecord {
  return record !== null && !record.isRetired && !record.isOrphan;
}

/** Two chargers of one identity: the later row is the living one; ids are time-ordered and break a tie. */
export function isNewer(input: SessionProvision, record: SessionRecord): boolean {
  if (input.createdAtMs !== record.createdAtMs) return input.createdAtMs > record.createdAtMs;
  return input.chargerId > record.chargerId;
}
