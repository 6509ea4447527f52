import { DurableObject } from "cloudflare:workers";
import { readEnv, type RawEnv } from "../env.ts";
import type { ServicesOf } from "./services.ts";
import { within } from "../within.ts";

export const BLOCK_SIZE = 20;
/** Transaction ids of OCPP 1.6 are signed 32-bit integers. */
const ID_MAX = 2 ** 31 - 1;
const NEXT_KEY = "next";
/** Shorter than the time a session waits for a block. */
const FLOOR_TIMEOUT_MS = 1500;
/** Interval between queries of Postgres after one failed, for an object that has its storage. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Assigns the transaction ids of one organisation, whose id is the object's name. An id is assigned once: a block whose answer
 * was lost is a gap. The storage may be lost or restored from an older copy, so each instance reads the ids on record in Postgres
 * before its first block.
 */
export class TransactionIds extends DurableObject<RawEnv> {
  readonly #services: ServicesOf;
  #isFloorKnown = false;
  #asking: Promise<void> | null = null;
  #nextLookMs = 0;

  constructor(ctx: DurableObjectState, env: RawEnv, services: ServicesOf) {
    super(ctx, env);
    this.#services = services;
  }

  /**
   * First of `BLOCK_SIZE` consecutive ids. `usedUp`: none is left. `unchecked`: the storage is empty and Postgres cannot be
   * asked.
   */
  async takeBlock(organizationId: string): Promise<number | "usedUp" | "unchecked"> {
    if (!this.#isFloorKnown) await this.#look(organizationId);
    const first = this.#next;
    if (first === undefined) return "unchecked";
    const next = first + BLOCK_SIZE;
    if (next - 1 > ID_MAX) return "usedUp";
    this.ctx.storage.kv.put(NEXT_KEY, next);
    return first;
  }

  /** Reads Postgres before an id is needed, so that an outage of Postgres does not stop stations from charging. */
  async prepare(organizationId: string): Promise<void> {
    if (!this.#isFloorKnown) await this.#look(organizationId);
  }

  get #next(): number | undefined {
    return this.ctx.storage.kv.get<number>(NEXT_KEY);
  }

  /** One query at a time, shared by all callers. */
  async #look(organizationId: string): Promise<void> {
    if (this.#next !== undefined && Date.now() < this.#nextLookMs) return;
    this.#asking ??= this.#raise(organizationId).finally(() => {
      this.#asking = null;
    });
    await this.#asking;
  }

  async #raise(organizationId: string): Promise<void> {
    try {
      const { history } = this.#services(readEnv(this.env));
      const late = () => new Error("The database did not answer in time");
      const onRecord = history.transactionIds(organizationId);
      const { highest, unknown } = await within(FLOOR_TIMEOUT_MS, onRecord, late);
      this.#isFloorKnown = true;
      const from = this.#next ?? 0;
      if (from > highest) return;
      const to = Math.min(highest + unknown, ID_MAX) + 1;
      this.ctx.storage.kv.put(NEXT_KEY, to);
      if (highest > 0)
        console.error(JSON.stringify({ event: "transactionIds.raised", organizationId, from, to }));
    } catch (error) {
      this.#nextLookMs = Date.now() + LOOK_AGAIN_MS;
      const reason = error instanceof Error ? error.message : "unknown";
      console.error(JSON.stringify({ event: "transactionIds.unchecked", organizationId, reason }));
    }
  }
}
