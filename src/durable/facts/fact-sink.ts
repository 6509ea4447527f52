import type { Env } from "../../env.ts";
import type { GoneCharger, SessionFactRow } from "../../ports.ts";

/** Takes facts to the state of record; repeating a row changes nothing there. Says which of their chargers are gone. */
export type FactSink = (rows: SessionFactRow[]) => Promise<GoneCharger[]>;

/** Wired at the first flush: a session that only talks to its station never parses the database client. */
export function factSink(env: Env): FactSink {
  return async (rows) => {
    const { wire } = await import("../../wiring.ts");
    return wire(env).chargers.applySessionFacts(rows);
  };
}
