import type { ParsedFrame } from "../../ocpp/frame.ts";
import { needsOf } from "../../ocpp/routing.ts";
import type { OcppVersion } from "../../ocpp/version.ts";
import { hasIds, type IdSupply } from "./id-supply.ts";
import type { SessionRecord } from "./session-record.ts";
import type { TagPolicy } from "./tag-policy.ts";

/** Messages that may open a transaction. */
const OPENING: ReadonlySet<string> = new Set(["StartTransaction", "TransactionEvent"]);

/**
 * What a message needs from outside the object, fetched before its handler runs. Almost always that is nothing. While one
 * message waits, later ones wait behind it: a station's messages are taken in order.
 */
export class Preparation {
  readonly #ids: IdSupply;
  readonly #tags: TagPolicy;
  #turn: Promise<unknown> | null = null;

  constructor(ids: IdSupply, tags: TagPolicy) {
    this.#ids = ids;
    this.#tags = tags;
  }

  /** Null when the message can be taken in now. The promise never rejects: a handler copes with what could not be had. */
  of(record: SessionRecord, frame: ParsedFrame, version: OcppVersion): Promise<unknown> | null {
    const work = frame.kind === "call" ? this.#work(record, frame, version) : [];
    if (work.length === 0 && !this.#turn) return null;
    const turn: Promise<unknown> = Promise.all([this.#turn, ...work]).then(() => {
      if (this.#turn === turn) this.#turn = null;
    });
    this.#turn = turn;
    return turn;
  }

  #work(
    record: SessionRecord,
    frame: Extract<ParsedFrame, { kind: "call" }>,
    version: OcppVersion,
  ): Promise<void>[] {
    if (record.registration !== "Accepted") return [];
    const work: Promise<void>[] = [];
    if (OPENING.has(frame.action) && !hasIds(record)) work.push(this.#ids.refill(record));
    if (needsOf(frame, version).idTags.length > 0) {
      const reading = this.#tags.read(record);
      if (reading) work.push(reading);
    }
    return work;
  }
}
