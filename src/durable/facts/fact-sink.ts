import type { Env } from "../../env.ts";
import type { FactSink } from "./deliver-facts.ts";
import type { ServicesOf } from "../services.ts";
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
  const work: SendFacts = async (rows) => services(env).chargers.applySessionFacts(rows);
  return (rows, delivery) => {
    const sink = shared.get(env.DATABASE_URL) ?? new SharedSink(BATCHING);
    shared.set(env.DATABASE_URL, sink);
    return sink.deliver(rows, work, delivery);
  };
}
