import type { CallFrame, ParsedFrame, SendFrame } from "../../../ocpp/frame.ts";
import { optionalObject, optionalText } from "../../../ocpp/payload.ts";
import { needsOf } from "../../../ocpp/routing.ts";
import type { TransactionLookup } from "../../../ocpp/station-state.ts";
import { TEXT_LENGTH } from "../../../ocpp/text-length.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";
import { hasIds, type IdSupply } from "../id-supply.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { KnownTags } from "./known-tags.ts";
import type { TagPolicy } from "./tag-policy.ts";
import type { VendorSubscriptions } from "./vendor-subscriptions.ts";

/**
 * Fetches what the handler of a message needs from outside the object; usually nothing. While one message waits, later ones wait
 * too, because messages of a station are handled in order.
 */
export class Preparation {
  readonly #ids: IdSupply;
  readonly #policy: TagPolicy;
  readonly #tags: KnownTags;
  readonly #vendors: VendorSubscriptions;
  readonly #transactions: TransactionLookup;
  #turn: Promise<unknown> | null = null;

  constructor(
    ids: IdSupply,
    { policy, tags, vendors }: { policy: TagPolicy; tags: KnownTags; vendors: VendorSubscriptions },
    transactions: TransactionLookup,
  ) {
    this.#ids = ids;
    this.#policy = policy;
    this.#tags = tags;
    this.#vendors = vendors;
    this.#transactions = transactions;
  }

  /** Null: the message can be handled now. The promise never rejects; a handler copes with missing data. */
  of(record: SessionRecord, frame: ParsedFrame, version: OcppVersion): Promise<unknown> | null {
    const isMessage = frame.kind === "call" || frame.kind === "send";
    const work = isMessage ? this.#work(record, frame, version) : [];
    if (work.length === 0 && !this.#turn) return null;
    const turn: Promise<unknown> = Promise.all([this.#turn, ...work]).then(() => {
      if (this.#turn === turn) this.#turn = null;
    });
    this.#turn = turn;
    return turn;
  }

  #work(record: SessionRecord, frame: CallFrame | SendFrame, version: OcppVersion): Promise<void>[] {
    if (record.registration !== "Accepted") return [];
    const work: Promise<void>[] = [];
    if (!hasIds(record) && this.#opens(frame)) work.push(this.#ids.refill(record));
    const { idTags, vendorIds } = needsOf(frame, version);
    if (idTags.length > 0) this.#policy.freshen(record, Date.now());
    for (const idTag of idTags) {
      const asking = this.#tags.prepare(record, idTag, Date.now());
      if (asking) work.push(asking);
    }
    const reading = vendorIds.length > 0 ? this.#vendors.prepare(record, Date.now()) : null;
    if (reading) work.push(reading);
    return work;
  }

  #opens({ action, payload }: CallFrame | SendFrame): boolean {
    if (action !== "TransactionEvent") return action === "StartTransaction";
    const info = optionalObject(payload, "transactionInfo");
    const id = info && optionalText(info, "transactionId", TEXT_LENGTH.transactionId);
    return id !== null && this.#transactions.byOcppId(id) === null;
  }
}
