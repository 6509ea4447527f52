import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { ApiClient } from "./api-client.ts";
import type { ProvisionedFleet } from "./provision-fleet.ts";
import { sample } from "./time-commands.ts";

const SESSION_SECONDS = 10;
/** Sessions that have not ended by then are not waited for. */
const GIVE_UP_AFTER_MS = 60_000;
const POLL_MS = 500;

const report = z.object({ queued_count: z.number() });
const ended = z.object({
  transactions: z.array(z.object({ energyDelivered: z.number().nullable() })),
});

export interface ChargedCars {
  seconds: number;
  /** Cars that were sent to a charger, and sessions that ended. */
  sent: number;
  sessions: number;
  energyKwh: number;
}

/** Lets a car charge at some chargers, all started by one command, and adds up what their transactions say. */
export async function chargeCars(
  api: ApiClient,
  fleet: Pick<ProvisionedFleet, "locationId" | "chargerIds">,
): Promise<ChargedCars> {
  const idTag = `DEMO-${randomBytes(4).toString("hex").toUpperCase()}`;
  await api.post("/api/v1/id-tags", { idTag }, z.unknown());
  const target = { location_id: fleet.locationId, charger_ids: sample(fleet.chargerIds) };
  const event = { id_tag: idTag, duration_seconds: SESSION_SECONDS };
  const { body } = await api.post("/ocpp/commands/start-session", { target, event }, report);
  const giveUpAtMs = Date.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    const path = `/api/v1/transactions?idTag=${idTag}&status=completed&limit=100`;
    const { transactions } = (await api.get(path, ended)).body;
    const energyKwh = transactions.reduce((sum, { energyDelivered }) => sum + (energyDelivered ?? 0), 0);
    const sessions = transactions.length;
    if (sessions >= body.queued_count || Date.now() > giveUpAtMs)
      return { seconds: SESSION_SECONDS, sent: body.queued_count, sessions, energyKwh };
    await delay(POLL_MS);
  }
}
