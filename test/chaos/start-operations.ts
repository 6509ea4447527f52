import type { RepeatingStation } from "../harness/ocpp-station/repeating-station.ts";
import { callVerdictOf } from "./client.ts";
import type { KnownCharger } from "./ledger.ts";
import type { Operation, World } from "./world.ts";

/** The tag of remote starts that name none. */
const REMOTE_ONLY_TAG = "CAPACITOR";
const CONNECTORS = [1, 2] as const;
const timeoutOf = (world: World) => world.random.pick([5, 8, 20]);

/** Simulated cars that come and go by commands have no transactions. */
export function maySpendEnergy({ runtime, station, id }: KnownCharger): boolean {
  return runtime === "external" ? station !== null : !isGarage(id);
}

/** Half of the simulated chargers: a car is only plugged in and out there, by commands. */
export function isGarage(chargerId: string): boolean {
  return Number.parseInt(chargerId.at(-1) ?? "0", 16) % 2 === 0;
}

/** By both routes; now and then with the same tag once more, as a client does that got no answer. */
async function start(world: World): Promise<void> {
  const charger = world.freeCharger(maySpendEnergy);
  if (!charger) return;
  const connectorId = charger.station ? connectorOf(world, charger.station) : 1;
  const tag = startTag(world, charger);
  const isOldRoute = tag !== null && world.random.chance(0.5);
  const first = await send(world, charger, { connectorId, tag, isOldRoute });
  if (first === "unknown" && world.random.chance(0.5))
    await send(world, charger, { connectorId, tag, isOldRoute });
}

/** Mostly one where nobody charges. */
export function connectorOf(world: World, station: RepeatingStation): number {
  const free = CONNECTORS.filter((connectorId) => !station.running(connectorId));
  const isFree = world.random.chance(0.9);
  return (isFree ? world.random.pick(free) : undefined) ?? world.random.pick(CONNECTORS);
}

/** Null: none, which means a tag that several starts share. Now and then that of a reservation. */
function startTag(world: World, charger: KnownCharger): string | null {
  const reserved = world.random.pick(
    world.ledger.reservations.filter(({ identity }) => identity === charger.identity),
  );
  if (reserved && world.random.chance(0.3)) return reserved.tag;
  return world.random.chance(0.1) ? null : world.marker("R");
}

async function send(
  world: World,
  charger: KnownCharger,
  { connectorId, tag, isOldRoute }: { connectorId: number; tag: string | null; isOldRoute: boolean },
) {
  const { identity, id: chargerId } = charger;
  const where = isOldRoute ? `/api/v1/chargers/${identity}/remote-start` : "/api/v1/transactions/start";
  const body = { ...(!isOldRoute && { chargeBoxId: identity }), connectorId, ...(tag && { idTag: tag }) };
  const name = charger.station ? "remote start" : "remote start, simulated";
  const reply = await world
    .client(charger.tenant)
    .send(name, "POST", `${where}?timeout=${timeoutOf(world)}`, body);
  const verdict = callVerdictOf(reply, 202);
  const number = reply.body["transactionId"];
  world.ledger.starts.push({
    identity,
    chargerId,
    tag: tag ?? REMOTE_ONLY_TAG,
    verdict,
    transactionId: typeof number === "number" ? number : null,
    status: reply.status,
  });
  return verdict;
}

/** Of a transaction that the API shows as running. */
async function stop(world: World): Promise<void> {
  const charger = world.freeCharger(maySpendEnergy);
  if (!charger) return;
  const { identity, id: chargerId } = charger;
  const client = world.client(charger.tenant);
  const list = `/api/v1/transactions?chargeBoxId=${identity}&status=in_progress&limit=5`;
  const { status, body } = await client.send("list running", "GET", list);
  const rows = body["transactions"] as { id: string; transactionId: number }[] | undefined;
  const row = status === 200 ? world.random.pick(rows ?? []) : undefined;
  if (!row) return;
  const name = world.random.chance(0.5) ? row.id : row.transactionId;
  const reply = await client.send(
    "remote stop",
    "POST",
    `/api/v1/transactions/${name}/stop?timeout=${timeoutOf(world)}`,
  );
  const { transactionId } = row;
  world.ledger.stops.push({ identity, chargerId, transactionId, verdict: callVerdictOf(reply, 202) });
}

export const startOperations: readonly Operation[] = [
  { name: "remote start", weight: 9, run: start },
  { name: "remote stop", weight: 5, run: stop },
];
