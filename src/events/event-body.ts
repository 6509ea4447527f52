import type { FeedEvent } from "../ports.ts";

/** An event as it is sent: its JSON is the body of a delivery, the same for every attempt. */
export interface EventBody {
  event: string;
  timestamp: string;
  data: FeedEvent["data"];
}

export function eventBody({ type, at, data }: Omit<FeedEvent, "id">): EventBody {
  return { event: type, timestamp: at.toISOString(), data };
}
