import type { Env } from "../../env.ts";
import type { FactSink } from "./deliver-facts.ts";
import type { ServicesOf } from "../services.ts";
import { SharedSink, type SendFacts } from "./shared-sink.ts";

/** A statement of an empty database takes some ms, one of a busy one seconds: while two are under way the next one fills. */
const TOGETHER = {
  windowMs: 20,
  rowsMax: 500,
  sharedRowsMax: 50,
  parallel: 2,
  patienceMs: 20_000,
};

/** By database, one for all objects of the isolate. */
const shared = new Map<string, SharedSink>();

export function factSink(env: Env, services: ServicesOf): FactSink {
  const work: SendFacts = async (rows) => services(env).chargers.applySessionFacts(rows);
  return (rows, delivery) => {
    const sink = shared.get(env.DATABASE_URL) ?? new SharedSink(TOGETHER);
    shared.set(env.DATABASE_URL, sink);
    return sink.deliver(rows, work, delivery);
  };
}
