import type { Ports } from "../ports.ts";
import { publishDeliveries } from "./publish-deliveries.ts";

/** Deliveries found by one statement. */
const FOUND_MAX = 500;

/** Publishes deliveries that did not get on, until none is left or the time is used up. @throws Unavailable */
export async function sweepDeliveries(
  ports: Pick<Ports, "deliveries" | "messages" | "clock">,
  untilMs: number,
): Promise<void> {
  for (;;) {
    const now = ports.clock.now();
    const found = await ports.deliveries.leftOver(now, FOUND_MAX);
    await publishDeliveries(ports, found);
    if (found.length < FOUND_MAX || ports.clock.now().getTime() >= untilMs) return;
  }
}
