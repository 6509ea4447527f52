import type { Env } from "../../env.ts";
import type { SessionFactRow } from "../../ports.ts";

/** Takes facts to the state of record; repeating a row changes nothing there. */
export type FactSink = (rows: SessionFactRow[]) => Promise<void>;

/** Wired at the first flush: a session that only talks to its station never parses the database client. */
export function factSink(env: Env): FactSink {
  return async (rows) => {
    const { wire } = await import("../../wiring.ts");
    await wire(env).chargers.applySessionFacts(rows);
  };
}
