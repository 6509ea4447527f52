import type { Env } from "../../env.ts";
import type { FactSink } from "./deliver-facts.ts";
import type { StoredEvent } from "../../ports.ts";
import { deliveriesOf, publishDeliveries } from "../../webhooks/publish-deliveries.ts";
import type { Services, ServicesOf } from "../services.ts";
import { SharedSink, type SendFacts } from "./shared-sink.ts";

/**
 * While two statements are in progress, the next batch fills: a statement takes some ms on an idle database and seconds on a busy
 * one.
 */
const BATCHING = {
  windowMs: 20,
  rowsMax: 500,
  sharedRowsMax: 50,
  parallel: 2,
  patienceMs: 20_000,
};

/** Sinks by database URL, shared by all objects of the isolate. */
const shared = new Map<string, SharedSink>();

export function factSink(env: Env, services: ServicesOf): FactSink {
  const work: SendFacts = async (rows) => {
    const ports = services(env);
    return ports.chargers.applySessionFacts(rows, (events) => {
      ports.liveLines.told(events);
      publishSoon(ports, events);
    });
  };
  return (rows, delivery) => {
    const sink = shared.get(env.DATABASE_URL) ?? new SharedSink(BATCHING);
    shared.set(env.DATABASE_URL, sink);
    return sink.deliver(rows, work, delivery);
  };
}

/** Publishes the deliveries that a statement stored. Nobody waits for it: the sweeper publishes what is not published now. */
function publishSoon(ports: Services, events: readonly StoredEvent[]): void {
  const due = deliveriesOf(events);
  if (due.length === 0) return;
  publishDeliveries(ports, due).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : "unknown";
    console.warn(JSON.stringify({ event: "deliveries.notPublished", count: due.length, reason }));
  });
}
