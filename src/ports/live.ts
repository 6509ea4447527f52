import type { StoredEvent } from "./events.ts";

/** What a client asked of a live line. */
export interface LineRequest {
  organizationId: string;
  /** API key that opened it: the line ends some time after the key was revoked. */
  keyId: string;
  /** Id of an event to go on behind; null: begin with what is stored from now on. */
  after: string | null;
  /** Null: events of all types. */
  types: readonly string[] | null;
  /** Identity of a charger; null: of all chargers, and of none. */
  chargeBoxId: string | null;
}

/** Live lines of organisations: WebSockets that are sent each event as it becomes readable in the feed. */
export interface LiveLines {
  /**
   * Answers an upgrade with 101 and the socket of the line.
   * @throws Limited: the organisation has as many lines as it may have
   */
  open(upgrade: Request, line: LineRequest): Promise<Response>;
  /** Tells the lines of each live organisation of events that were just stored. Nobody waits for it, and it never throws. */
  told(events: readonly StoredEvent[]): void;
  /** Lets the lines of an organisation read on, in case that a notice was lost. */
  wake(organizationId: string): Promise<void>;
}
