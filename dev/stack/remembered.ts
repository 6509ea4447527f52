import { z } from "zod";
import type { PortClaims } from "./port-claims.ts";
import { readStored, writeJson } from "./write-json.ts";

/** Ports of the parts beside the Worker. */
export const INNER_PORTS = ["sql", "redis", "engine", "scheduler"] as const;
export type InnerPorts = Record<(typeof INNER_PORTS)[number], number>;

const remembered = z.object({
  ports: z.record(z.string(), z.number().int()),
  /** Base URL of the last start, which stored step URLs begin with. */
  baseUrl: z.string().optional(),
});

/** `state.json`: ports and base URL that the next start on the same directory uses again. */
export type Remembered = z.infer<typeof remembered>;

const CURE =
  "Put it back from a copy, or delete it and start with --port and the port the API had: work that was left half done is addressed to it.";

/** @throws StackError when the file is damaged. */
export function loadRemembered(file: string): Remembered {
  return readStored(file, remembered, CURE) ?? { ports: {} };
}

export function saveRemembered(file: string, value: Remembered): void {
  writeJson(file, value);
}

/** The ports of the last start where they are free, else new ones. */
export async function chooseInnerPorts(known: Remembered["ports"], claims: PortClaims): Promise<InnerPorts> {
  const choose = async (name: string) => {
    const before = known[name];
    return before !== undefined && (await claims.take(before)) ? before : claims.takeFree();
  };
  return {
    sql: await choose("sql"),
    redis: await choose("redis"),
    engine: await choose("engine"),
    scheduler: await choose("scheduler"),
  };
}
