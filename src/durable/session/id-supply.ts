import type { Env } from "../../env.ts";
import { reach } from "../reach.ts";
import { BLOCK_SIZE, type TransactionIds } from "../transaction-ids.ts";
import { logEvent } from "./storage/log-event.ts";
import type { SessionRecord } from "./storage/session-record.ts";
import type { SessionStore } from "./storage/session-store.ts";

/** Longest wait of an inbound CALL for the first block of its session. */
const TAKE_TIMEOUT_MS = 2000;
const REFILL_AT = 5;

const REFUSALS = {
  usedUp: "The organisation has used up its transaction ids",
  unchecked: "Nobody knows which transaction ids were given before",
};

/** Takes a block of ids for an organisation; returns its first id. */
export type TakeBlock = (organizationId: string) => Promise<number>;

export function blockTaker(env: Pick<Env, "TRANSACTION_IDS">): TakeBlock {
  return async (organizationId) => {
    const stub = env.TRANSACTION_IDS.getByName(organizationId) as unknown as Pick<
      DurableObjectStub<TransactionIds>,
      "takeBlock"
    >;
    const first = await reach(TAKE_TIMEOUT_MS, async () => stub.takeBlock(organizationId), { repeats: true });
    if (typeof first === "string") throw new RangeError(REFUSALS[first]);
    return first;
  };
}

const prepared = new Set<string>();

/** Makes the allocator of an organisation ready before its first transaction, once per isolate. Never throws. */
export async function prepareIds(env: Pick<Env, "TRANSACTION_IDS">, organizationId: string): Promise<void> {
  if (prepared.has(organizationId)) return;
  prepared.add(organizationId);
  const stub = env.TRANSACTION_IDS.getByName(organizationId) as unknown as Pick<
    DurableObjectStub<TransactionIds>,
    "prepare"
  >;
  const call = reach(TAKE_TIMEOUT_MS, async () => stub.prepare(organizationId), { repeats: true });
  await call.catch(() => prepared.delete(organizationId));
}

/** Transaction ids of a session: a block in its record. The next block is fetched before it is used up. */
export class IdSupply {
  readonly #store: SessionStore;
  readonly #take: TakeBlock;
  #refilling: Promise<void> | null = null;

  constructor(store: SessionStore, take: TakeBlock) {
    this.#store = store;
    this.#take = take;
  }

  /** The next id. @throws Error if none is left; the station will retry */
  next(record: SessionRecord): number {
    const [range, ...rest] = record.transactionIds;
    if (!range) throw new Error("No transaction id is at hand");
    const left = { from: range.from + 1, to: range.to };
    record.transactionIds = left.from < left.to ? [left, ...rest] : rest;
    this.#store.changed();
    if (countOf(record) <= REFILL_AT) void this.refill(record);
    return range.from;
  }

  /** The next id, of a new block if need be; null: none can be had. */
  async reserve(record: SessionRecord): Promise<number | null> {
    if (!hasIds(record)) await this.refill(record);
    return hasIds(record) ? this.next(record) : null;
  }

  /** Fetches a block. Settles when it came or failed. Never throws. */
  refill(record: SessionRecord): Promise<void> {
    this.#refilling ??= this.#fetch(record).finally(() => {
      this.#refilling = null;
    });
    return this.#refilling;
  }

  async #fetch({ chargerId, organizationId }: SessionRecord): Promise<void> {
    try {
      const from = await this.#take(organizationId);
      const record = this.#store.record;
      if (record?.chargerId !== chargerId) return;
      record.transactionIds = [...record.transactionIds, { from, to: from + BLOCK_SIZE }];
      this.#store.changed();
    } catch (error) {
      const record = this.#store.record;
      const reason = error instanceof Error ? error.message : "unknown";
      if (record) logEvent(record, "session.noTransactionIds", { reason });
    }
  }
}

export function hasIds(record: SessionRecord): boolean {
  return record.transactionIds.length > 0;
}

function countOf({ transactionIds }: SessionRecord): number {
  return transactionIds.reduce((count, { from, to }) => count + to - from, 0);
}
