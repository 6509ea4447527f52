import { verdictOf, type Reply } from "./client.ts";
import type { KnownCharger } from "./ledger.ts";
import type { Operation, World } from "./world.ts";

async function rename(world: World): Promise<void> {
  const charger = world.freeCharger();
  if (!charger) return;
  const value = world.marker("N");
  await world.alone(charger, async () => {
    const path = `/ocpp/chargers/${charger.id}`;
    const reply = await world
      .client(charger.tenant)
      .send("update", "PUT", path, { charge_point_name: value });
    world.ledger.changes.push({ subject: "charger", id: charger.id, value, verdict: verdictOf(reply) });
  });
}

/** Up to four chargers of one location at once. */
async function renameMany(world: World): Promise<void> {
  const first = world.freeCharger(({ locationId }) => locationId !== null);
  if (!first) return;
  const chargers = neighbours(world, first, 4);
  const value = world.marker("N");
  await world.together(chargers, async () => {
    const path = `/ocpp/locations/${first.locationId}/chargers`;
    const body = { charger_ids: chargers.map(({ id }) => id), charge_point_name: value };
    const reply = await world.client(first.tenant).send("bulk update", "PUT", path, body);
    const updated = idsIn(reply.body["updated"], "id");
    for (const { id } of chargers) {
      const verdict = reply.status === 200 && !updated.has(id) ? "refused" : verdictOf(reply);
      world.ledger.changes.push({ subject: "charger", id, value, verdict });
    }
  });
}

async function remove(world: World): Promise<void> {
  const charger = world.freeCharger();
  if (!charger) return;
  await world.alone(charger, async () => {
    const isOld = world.random.chance(0.5);
    const path = isOld ? `/ocpp/chargers/${charger.id}` : `/api/v1/chargers/${charger.identity}`;
    noteRemoval(world, charger, await world.client(charger.tenant).send("delete", "DELETE", path));
  });
}

export async function removeMany(world: World, most = 3): Promise<void> {
  const first = world.freeCharger(({ locationId }) => locationId !== null);
  if (!first) return;
  const chargers = neighbours(world, first, most);
  await world.together(chargers, async () => {
    const path = `/ocpp/locations/${first.locationId}/chargers`;
    const body = { charger_ids: chargers.map(({ id }) => id) };
    const reply = await world.client(first.tenant).send("bulk delete", "DELETE", path, body);
    const deleted = new Set(Array.isArray(reply.body["deleted"]) ? reply.body["deleted"] : []);
    for (const charger of chargers)
      noteRemoval(
        world,
        charger,
        reply.status === 200 && !deleted.has(charger.id) ? { status: 404, body: {} } : reply,
      );
  });
}

/** After a request that was cut, nobody knows; a repeat settles it. */
function noteRemoval(world: World, charger: KnownCharger, reply: Reply): void {
  if (reply.status === 404)
    world.ledger.odd("I4", `DELETE of ${charger.id} answers 404, and nobody deleted it`);
  const verdict = verdictOf(reply);
  world.ledger.removals.push({ subject: "charger", id: charger.id, verdict });
  if (verdict === "stored" || verdict === "unknown") charger.removal = verdict;
}

async function setRuntime(world: World): Promise<void> {
  const charger = world.freeCharger(({ runtime }) => runtime === "simulated");
  if (!charger) return;
  const event = world.random.pick(["start", "stop", "restart"]);
  await world.alone(charger, async () => {
    world.disturb(charger);
    const path = `/ocpp/chargers/${charger.id}/${event}-charger`;
    const reply = await world.client(charger.tenant).send(event, "POST", path, {});
    const verdict = verdictOf(reply);
    if (verdict === "stored") charger.wantsRun = event !== "stop";
    if (verdict === "unknown" && charger.wantsRun !== (event !== "stop")) charger.wantsRun = "unknown";
  });
}

async function updateSettings(world: World): Promise<void> {
  const charger = world.freeCharger();
  if (!charger) return;
  // No two updates of a run ask for the same.
  const value = 6 + world.random.integer(0, 2600) / 100;
  await world.alone(charger, async () => {
    const path = `/api/chargers/${charger.id}/update`;
    const reply = await world
      .client(charger.tenant)
      .send("settings", "POST", path, { maxChargeCurrent: value });
    world.ledger.changes.push({
      subject: "settings",
      id: charger.id,
      value: String(value),
      verdict: verdictOf(reply),
    });
  });
}

async function removeLocation(world: World): Promise<void> {
  const location = world.freeLocation(world.anyTenant());
  if (!location || world.ledger.locations.size < 4) return;
  await world.alone(location, async () => {
    const reply = await world
      .client(location.tenant)
      .send("delete location", "DELETE", `/ocpp/locations/${location.id}`);
    const verdict = verdictOf(reply);
    world.ledger.removals.push({ subject: "location", id: location.id, verdict });
    if (verdict === "stored" || verdict === "unknown") location.removal = verdict;
  });
}

async function renameLocation(world: World): Promise<void> {
  const location = world.freeLocation(world.anyTenant());
  if (!location) return;
  const value = world.marker("M");
  await world.alone(location, async () => {
    const path = `/ocpp/locations/${location.id}`;
    const reply = await world.client(location.tenant).send("update location", "PUT", path, { name: value });
    world.ledger.changes.push({ subject: "location", id: location.id, value, verdict: verdictOf(reply) });
  });
}

async function look(world: World): Promise<void> {
  const charger = world.freeCharger();
  if (!charger) return;
  await world.alone(charger, async () => {
    const path = world.random.pick([
      `/ocpp/chargers/${charger.id}`,
      `/ocpp/chargers/${charger.id}/status`,
      `/api/v1/chargers/${charger.identity}`,
      `/api/chargers/${charger.id}/state`,
      `/api/chargers/${charger.id}/settings`,
      "/ocpp/chargers?limit=20",
      "/api/v1/chargers?limit=20",
      "/ocpp/locations",
    ]);
    const { status, body } = await world.client(charger.tenant).send("read", "GET", path);
    for (const id of idsIn(body["chargers"] ?? body["data"], "id"))
      if (owner(world, id) === 1 - charger.tenant)
        world.ledger.odd("I9", `GET ${path} shows ${String(id)} of another organisation`);
    if (status === 404) world.ledger.odd("I4", `GET ${path} answers 404, and nobody deleted it`);
  });
}

function owner(world: World, id: unknown): number | undefined {
  return typeof id === "string" ? world.ledger.chargers.get(id)?.tenant : undefined;
}

function neighbours(world: World, first: KnownCharger, most: number): KnownCharger[] {
  const others = [...world.ledger.chargers.values()].filter(
    ({ locationId, isBusy, removal, id }) =>
      locationId === first.locationId && !isBusy && removal === null && id !== first.id,
  );
  return [first, ...others.slice(0, world.random.integer(0, most - 1))];
}

function idsIn(rows: unknown, name: string): Set<unknown> {
  return new Set(Array.isArray(rows) ? rows.map((row: Record<string, unknown>) => row[name]) : []);
}

export const chargerOperations: readonly Operation[] = [
  { name: "update", weight: 6, run: rename },
  { name: "bulk update", weight: 3, run: renameMany },
  { name: "delete", weight: 2, run: remove },
  { name: "bulk delete", weight: 1, run: (world) => removeMany(world) },
  { name: "runtime", weight: 4, run: setRuntime },
  { name: "settings", weight: 5, run: updateSettings },
  { name: "delete location", weight: 0.3, run: removeLocation },
  { name: "update location", weight: 1, run: renameLocation },
  { name: "read", weight: 6, run: look },
];
