import { callVerdictOf, textIn } from "./client.ts";
import type { KnownCharger, RequestedReservation } from "./ledger.ts";
import { connectorOf } from "./start-operations.ts";
import type { Operation, World } from "./world.ts";

const LASTS_MS = { min: 4000, max: 45_000 };

async function reserve(world: World): Promise<void> {
  const charger = world.freeCharger(({ station }) => station !== null);
  if (!charger?.station) return;
  const { identity, id: chargerId } = charger;
  const tag = world.marker("V");
  const expiresAt = new Date(Date.now() + world.random.integer(LASTS_MS.min, LASTS_MS.max)).toISOString();
  const path = `/api/v1/chargers/${identity}/reservations?timeout=${world.random.pick([5, 8, 20])}`;
  const body = { connectorId: connectorOf(world, charger.station), idTag: tag, expiresAt };
  const reply = await world.client(charger.tenant).send("reserve", "POST", path, body);
  const verdict = callVerdictOf(reply, 201);
  // A refusal names the word of the station, which is not "accepted".
  if (verdict === "refused" && reply.body["status"] === "accepted")
    world.ledger.odd("I4", `${identity}: reservation ${tag} was answered as accepted and not made`);
  const id = verdict === "accepted" ? textIn(reply.body, "id") : null;
  world.ledger.reservations.push({ identity, chargerId, tag, id, verdict, cancels: [] });
}

async function cancel(world: World): Promise<void> {
  const known = world.random.pick(world.ledger.reservations.slice(-30).filter(({ id }) => id !== null));
  const charger = known && world.ledger.chargers.get(known.chargerId);
  if (!known || !charger || charger.isBusy || charger.removal !== null) return;
  known.cancels.push(await sendCancel(world, charger, known));
}

async function sendCancel(world: World, charger: KnownCharger, { identity, id }: RequestedReservation) {
  const path = `/api/v1/chargers/${identity}/reservations/${id}?timeout=${world.random.pick([5, 8])}`;
  const reply = await world.client(charger.tenant).send("cancel reservation", "DELETE", path);
  if (reply.status === 200) return reply.body["status"] === "cancelled" ? "cancelled" : "removed";
  return callVerdictOf(reply, 200);
}

export const reservationOperations: readonly Operation[] = [
  { name: "reserve", weight: 6, run: reserve },
  { name: "cancel reservation", weight: 3, run: cancel },
];
