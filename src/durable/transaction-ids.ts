import { DurableObject } from "cloudflare:workers";
import { readEnv, type RawEnv } from "../env.ts";
import type { ServicesOf } from "./services.ts";
import { within } from "../within.ts";

export const BLOCK_SIZE = 20;
/** OCPP 1.6 counts transactions in a signed 32-bit integer. */
const ID_MAX = 2 ** 31 - 1;
const NEXT_KEY = "next";
/** Less than a session waits for its block. */
const FLOOR_TIMEOUT_MS = 1500;
/** How long an object that knows where it was goes on without another look, after one that brought no answer. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Hands out the transaction ids of one organisation, whose id is the object's name. An id is handed out once and never
 * again: a block whose receiver got no answer is a gap. Its storage may have been lost, or brought back from an older copy, so
 * each instance asks Postgres before its first block which ids are on record.
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
   * The first of `BLOCK_SIZE` consecutive ids, or why there is none: all are used up, or the storage is empty and Postgres
   * cannot be asked.
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

  /** Looks up what is on record before anybody needs an id: an outage of Postgres then keeps no station from charging. */
  async prepare(organizationId: string): Promise<void> {
    if (!this.#isFloorKnown) await this.#look(organizationId);
  }

  get #next(): number | undefined {
    return this.ctx.storage.kv.get<number>(NEXT_KEY);
  }

  /** One look at a time, for all that wait. */
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
