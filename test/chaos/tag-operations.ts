import { textIn, verdictOf } from "./client.ts";
import type { KnownCharger, KnownTag } from "./ledger.ts";
import { isGarage } from "./start-operations.ts";
import type { Operation, World } from "./world.ts";

const ATTEMPTS_MAX = 6;
const PATH = "/api/v1/id-tags";

async function create(world: World, tenant = world.anyTenant()): Promise<void> {
  const marker = world.marker("T");
  const body = { idTag: marker };
  const client = world.client(tenant);
  const replies = world.random.chance(0.5)
    ? [await client.send("create tag", "POST", PATH, body)]
    : await client.sendUntilAnswered("create tag", "POST", PATH, body, marker, ATTEMPTS_MAX);
  const made = replies.find(({ status }) => status >= 200 && status < 300);
  const id = made && textIn(made.body, "id");
  const ids = replies.flatMap(({ status, body: answer }) =>
    status < 300 ? (textIn(answer, "id") ?? []) : [],
  );
  const attempts = replies.map(({ status }) => status);
  const verdict = verdictOf(...replies);
  world.ledger.creations.push({ kind: "idTag", tenant, marker, count: 1, verdict, ids, attempts });
  if (id) world.ledger.tags.set(id, { id, tenant, isBusy: false, removal: null });
}

function freeTag(world: World): KnownTag | undefined {
  const free = [...world.ledger.tags.values()].filter(({ isBusy, removal }) => !isBusy && removal === null);
  return world.random.pick(free);
}

/** Its name is the marker of the change; it is blocked or not by chance. */
async function change(world: World): Promise<void> {
  const tag = freeTag(world);
  if (!tag) return create(world);
  const value = world.marker("N");
  const status = world.random.pick(["active", "blocked"]);
  await world.alone(tag, async () => {
    const reply = await world
      .client(tag.tenant)
      .send("change tag", "PATCH", `${PATH}/${tag.id}`, { name: value, status });
    world.ledger.changes.push({ subject: "idTag", id: tag.id, value, verdict: verdictOf(reply) });
  });
}

async function remove(world: World): Promise<void> {
  const tag = freeTag(world);
  if (!tag) return;
  await world.alone(tag, async () => {
    const query = world.random.chance(0.5) ? "?erase=true" : "";
    const reply = await world.client(tag.tenant).send("delete tag", "DELETE", `${PATH}/${tag.id}${query}`);
    const verdict = verdictOf(reply);
    if (query !== "" && verdict !== "refused")
      world.ledger.erasures.push({ tenant: tag.tenant, atMs: Date.now() });
    world.ledger.removals.push({ subject: "idTag", id: tag.id, verdict });
    if (verdict === "stored" || verdict === "unknown") tag.removal = verdict;
  });
}

/** Has the list of a station kept, or not. */
async function setListMode(world: World): Promise<void> {
  const isMine = ({ station, runtime, id }: KnownCharger) =>
    runtime === "external" ? station !== null : isGarage(id);
  const charger = world.freeCharger(isMine);
  if (!charger) return;
  const value = world.random.chance(0.8) ? "managed" : "off";
  await world.alone(charger, async () => {
    const path = `/api/v1/chargers/${charger.identity}/local-list`;
    const reply = await world.client(charger.tenant).send("list mode", "PUT", path, { mode: value });
    world.ledger.changes.push({ subject: "listMode", id: charger.id, value, verdict: verdictOf(reply) });
  });
}

/** A tag more for each organisation: a list that its station refused is looked at again when a tag has changed. */
export async function touchTags(world: World): Promise<void> {
  for (const [tenant] of world.tenants.entries()) await create(world, tenant);
}

export const tagOperations: readonly Operation[] = [
  { name: "create tag", weight: 3, run: (world) => create(world) },
  { name: "change tag", weight: 5, run: change },
  { name: "delete tag", weight: 1, run: remove },
  { name: "list mode", weight: 4, run: setListMode },
];
