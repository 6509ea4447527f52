import type { LaneStats } from "./flow-lanes.ts";
import type { MessageKind } from "./message-table.ts";

export interface StatsSnapshot {
  /** API requests by `METHOD route`. */
  apiCalls: Record<string, number>;
  publishedItems: number;
  publishedBytes: number;
  /** Requests to endpoints, including the duplicates that a test asked for. */
  deliveries: Record<MessageKind, number>;
  duplicates: number;
  deliveredBodyBytes: number;
  deliveredHeaderBytes: number;
  largestBodyBytes: number;
  /** Answers of endpoints by status; 0 = no answer. */
  answers: Record<string, number>;
  inFlight: number;
  pending: number;
  /** By flow-control key; "" = messages without one. */
  flow: Record<string, LaneStats>;
  memoryRssBytes: number;
  cpuMs: number;
}

type Counters = Omit<StatsSnapshot, "inFlight" | "pending" | "flow" | "memoryRssBytes" | "cpuMs">;

export class EngineStats {
  #counters: Counters = zero();

  reset(): void {
    this.#counters = zero();
  }

  countCall(route: string): void {
    this.#counters.apiCalls[route] = (this.#counters.apiCalls[route] ?? 0) + 1;
  }

  countPublished(bytes: number): void {
    this.#counters.publishedItems++;
    this.#counters.publishedBytes += bytes;
  }

  countDelivery(kind: MessageKind, bodyBytes: number, headers: Record<string, string>): void {
    const counters = this.#counters;
    counters.deliveries[kind]++;
    counters.deliveredBodyBytes += bodyBytes;
    if (bodyBytes > counters.largestBodyBytes) counters.largestBodyBytes = bodyBytes;
    for (const name in headers) {
      counters.deliveredHeaderBytes += name.length + (headers[name]?.length ?? 0) + 4;
    }
  }

  countDuplicate(): void {
    this.#counters.duplicates++;
  }

  countAnswer(status: number): void {
    this.#counters.answers[status] = (this.#counters.answers[status] ?? 0) + 1;
  }

  snapshot(): Counters {
    return structuredClone(this.#counters);
  }
}

function zero(): Counters {
  return {
    apiCalls: {},
    publishedItems: 0,
    publishedBytes: 0,
    deliveries: { step: 0, failure: 0, plain: 0 },
    duplicates: 0,
    deliveredBodyBytes: 0,
    deliveredHeaderBytes: 0,
    largestBodyBytes: 0,
    answers: {},
  };
}
