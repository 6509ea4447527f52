import { DurableObject } from "cloudflare:workers";
import type { RawEnv } from "../env.ts";

export const BLOCK_SIZE = 20;
/** OCPP 1.6 counts transactions in a signed 32-bit integer. */
const ID_MAX = 2 ** 31 - 1;
const NEXT_KEY = "next";

/**
 * Hands out the transaction ids of one organisation, whose id is the object's name. An id is handed out once and never
 * again: a block whose receiver got no answer is a gap.
 */
export class TransactionIds extends DurableObject<RawEnv> {
  /** The first of `BLOCK_SIZE` consecutive ids; null when the organisation has used up all of them. */
  takeBlock(): number | null {
    const first = this.ctx.storage.kv.get<number>(NEXT_KEY) ?? 1;
    const next = first + BLOCK_SIZE;
    if (next - 1 > ID_MAX) return null;
    this.ctx.storage.kv.put(NEXT_KEY, next);
    return first;
  }
}
