import { Unavailable } from "../errors.ts";
import type { JsonObject } from "../ocpp/json.ts";
import type { StationEvent } from "../ocpp/station-event.ts";
import type { CommandTarget, Ports } from "../ports.ts";

/** Result of an event that was waited for, or why the station did not come to it. */
export type EventOutcome =
  | { kind: "done"; result: JsonObject }
  | { kind: "stopped" | "notReady" | "full" | "late" | "lost" }
  /** The event contradicts the state of the station. */
  | { kind: "ignored"; reason: string };

/** Lets an event happen at a simulated station and waits for its result until the timeout. */
export async function awaitEvent(
  ports: Pick<Ports, "simulators" | "ids" | "clock">,
  { chargerId, simulatorHost }: CommandTarget,
  event: StationEvent,
  timeoutMs: number,
): Promise<EventOutcome> {
  const expiresAtMs = ports.clock.now().getTime() + timeoutMs;
  const command = { id: ports.ids.hex(6), event, expiresAtMs };
  const result = await ports.simulators
    .commanded(simulatorHost ?? "", { chargerId, command })
    .catch((error: unknown) => {
      if (error instanceof Unavailable) return null;
      throw error;
    });
  if (result === null) return { kind: "lost" };
  if (result.kind === "done") return { kind: "done", result: result.result ?? {} };
  if (result.kind !== "refused") return result;
  return { kind: result.receipt === "unknown" ? "notReady" : result.receipt };
}
