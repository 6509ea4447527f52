import type { SessionRecord } from "./session-record.ts";

type Field = string | number | boolean | null;

/** One line per event of a socket, never per frame, never with a payload or a header. */
export function logEvent(record: SessionRecord, event: string, fields: Record<string, Field> = {}): void {
  const { organizationSlug, identity, chargerId, generation } = record;
  console.log(JSON.stringify({ event, organizationSlug, identity, chargerId, generation, ...fields }));
}
