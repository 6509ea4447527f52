import type { Handled } from "../../../ocpp/routing.ts";
import { actionName } from "../storage/action-name.ts";
import { logEvent } from "../storage/log-event.ts";
import type { SessionRecord } from "../storage/session-record.ts";

const KINDS_MAX = 64;

/**
 * Counts schema violations and misplaced messages of a station, and logs the 1st, 10th, 100th, … of each kind: a firmware that
 * makes a mistake makes it in every message.
 */
export class BreachLog {
  readonly #counts = new Map<string, number>();

  note(record: SessionRecord, sent: string, { tolerated, refused }: Handled): void {
    const action = actionName(sent) ?? "unreadable";
    if (tolerated)
      this.#count(record, "session.tolerated", action, `${tolerated.pointer} ${tolerated.keyword}`);
    if (refused) this.#count(record, "session.refused", action, refused);
  }

  #count(record: SessionRecord, event: string, action: string, breach: string): void {
    const kind = `${event} ${action} ${breach}`;
    if (this.#counts.size >= KINDS_MAX && !this.#counts.has(kind)) return;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (Number.isInteger(Math.log10(count))) logEvent(record, event, { action, breach, count });
  }
}
