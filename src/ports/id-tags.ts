import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";
import type { Page } from "./paging.ts";

/** A stored id tag. */
export interface IdTag {
  /** `tag_` and a ULID. */
  id: string;
  /** As it was created; compared case-insensitively. */
  idTag: string;
  name: string | null;
  status: "active" | "blocked";
  /** True: valid at the chargers that were named alone. */
  isScoped: boolean;
  source: "api" | "import";
  /** Type of the token on OCPP 2.x; null: any. */
  type: string | null;
  groupId: string | null;
  expiresAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** Fields of a tag that a request may set. `chargerIds` empty: valid at every charger. */
export interface IdTagFields {
  name: string | null;
  status: "active" | "blocked";
  type: string | null;
  groupId: string | null;
  expiresAt: Date | null;
  chargerIds: string[];
}

/** Absent: unchanged. */
export type IdTagChanges = Partial<IdTagFields>;

export interface NewIdTag extends IdTagFields {
  id: string;
  idTag: string;
}

/** A tag as its registry holds it. */
export interface RegistryTag {
  key: string;
  blocked: boolean;
  expiresAtMs: number | null;
  groupId: string | null;
  type: string | null;
  /** Null: valid at every charger. */
  chargerIds: string[] | null;
}

/** State of some tags of one shard at one version of the organisation's tags. */
export interface TagUpdate {
  organizationId: string;
  shard: number;
  /** Everything up to this change is in it. */
  version: number;
  tags: RegistryTag[];
  /** Keys of tags that do not exist. */
  gone: string[];
}

/** One change of tags that the registry is to be told: stored effects, and what they say now. */
export interface TagBatch {
  id: string;
  total: number;
}

/** A stored change with its effects. */
export interface TagChanged {
  tag: IdTag;
  effects: TagBatch;
  update: TagUpdate;
}

/** One effect of a stored change. `key` null: the whole shard. */
export interface TagEffect {
  seq: number;
  organizationId: string;
  shard: number;
  key: string | null;
}

/** A charger that a tag is limited to. */
export interface TagCharger {
  id: string;
  identity: string;
  /** OCPP version of its last connection, else the one it was created with; null: not known. */
  ocppVersion: string | null;
}

/** A page in the order of ids, newest first. `after`: id of the last tag of the page before; null: the first page. */
export interface TagCursor {
  after: string | null;
  limit: number;
}

/** Storage of id tags. */
export interface IdTagStore {
  /** One page, newest first, and the number that match. */
  list(
    organizationId: string,
    status: IdTag["status"] | null,
    page: Page,
  ): Promise<{ rows: IdTag[]; total: number }>;
  /** The same by cursor, without a count. */
  listAfter(organizationId: string, status: IdTag["status"] | null, cursor: TagCursor): Promise<IdTag[]>;
  /** A tag with the identities of its chargers that are not deleted; null: no such tag. */
  get(organizationId: string, id: string): Promise<{ tag: IdTag; chargeBoxIds: string[] } | null>;
  /** Chargers of the organisation by identity; unknown ones are left out. */
  chargers(organizationId: string, identities: string[]): Promise<TagCharger[]>;
  /** Stores a tag. @throws Conflict: the organisation has it. IdempotencyMismatch, IdempotencyInFlight */
  create(
    organizationId: string,
    tag: NewIdTag,
    batchId: string,
    claim: IdempotencyClaim | null,
    record: RecordedResponse,
    now: Date,
  ): Promise<Claimed<TagChanged>>;
  /** Changes a tag; null: no such tag. */
  change(
    organizationId: string,
    id: string,
    changes: IdTagChanges,
    batchId: string,
    now: Date,
  ): Promise<TagChanged | null>;
  /** Deletes a tag; null: no such tag. */
  remove(
    organizationId: string,
    id: string,
    batchId: string,
    now: Date,
  ): Promise<Pick<TagChanged, "effects" | "update"> | null>;
  /**
   * Tags valid for a charger by key, for a list that its station keeps, with the version of the organisation's tags.
   * `after`: the last key of the page before; empty: the first page.
   */
  validFor(
    organizationId: string,
    chargerId: string,
    after: string,
    limit: number,
  ): Promise<{ version: number; tags: RegistryTag[] }>;
}

/** What the registry and its effects read and write in Postgres. */
export interface TagRegistryStore {
  /** Tags of a shard by key, from after `after` on, with the version of the organisation's tags. */
  shardPage(
    organizationId: string,
    shard: number,
    after: string,
    limit: number,
  ): Promise<{ version: number; tags: RegistryTag[] }>;
  /**
   * Raises the version above `seen`, which an object of the registry holds, in case the database was restored from an
   * older copy. False: it is not below.
   */
  raiseVersion(organizationId: string, seen: number): Promise<boolean>;
  /** Effects of a batch that are not carried out, with sequence numbers in `[from, to)`. */
  pending(batchId: string, from: number, to: number): Promise<TagEffect[]>;
  /** What the tags of these keys are now. */
  current(organizationId: string, shard: number, keys: string[]): Promise<TagUpdate>;
  /** Deletes effects that were carried out. */
  done(batchId: string, seqs: number[]): Promise<void>;
  /** Batches that were published a minute ago or longer and are not done. Raises their attempt. */
  leftOver(now: Date): Promise<Array<TagBatch & { attempt: number }>>;
  /** Stores effects that bring the registry of one organisation in line, if one is due (once a day); null: none is. */
  reconcileNext(batchId: string, now: Date): Promise<TagBatch | null>;
}

/** The registry of tags: objects that hold the tags of an organisation. @throws Unavailable */
export interface TagRegistries {
  /** Stores the state of tags, unless the object holds a newer one. Idempotent. Returns the newest version it holds. */
  put(update: TagUpdate): Promise<number>;
  /** Brings one shard in line with Postgres. */
  reload(organizationId: string, shard: number): Promise<void>;
  /** Has it read again whose vendor messages webhooks want. */
  reloadVendors(organizationId: string): Promise<void>;
}
