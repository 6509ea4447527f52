import { z } from "zod";
import { freePort, isPortFree } from "./free-port.ts";
import { readJson, writeJson } from "./write-json.ts";

/** Ports of the parts beside the Worker. */
export const INNER_PORTS = ["sql", "redis", "engine", "scheduler"] as const;
export type InnerPorts = Record<(typeof INNER_PORTS)[number], number>;

const remembered = z.object({
  ports: z.record(z.string(), z.number().int()).default({}),
  /** Base URL of the last start; stored step addresses begin with it. */
  baseUrl: z.string().optional(),
});

/** `state.json`: what the next start on the same directory takes up again. */
export type Remembered = z.infer<typeof remembered>;

export function loadRemembered(file: string): Remembered {
  return remembered.parse(readJson(file) ?? {});
}

export function saveRemembered(file: string, value: Remembered): void {
  writeJson(file, value);
}

/** The remembered ports where they are still free, new ones otherwise; never the Worker's own. */
export async function chooseInnerPorts(known: Remembered["ports"], workerPort: number): Promise<InnerPorts> {
  const taken = new Set([workerPort]);
  const choose = async (name: string) => {
    const before = known[name];
    const again = before !== undefined && !taken.has(before) && (await isPortFree(before));
    const port = again ? before : await freePort(taken);
    taken.add(port);
    return port;
  };
  return {
    sql: await choose("sql"),
    redis: await choose("redis"),
    engine: await choose("engine"),
    scheduler: await choose("scheduler"),
  };
}
