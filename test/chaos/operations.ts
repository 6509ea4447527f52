import type { Reply } from "./client.ts";
import { textIn, verdictOf } from "./client.ts";
import type { Creation, KnownCharger, KnownJob } from "./ledger.ts";
import { chargerOperations, removeMany } from "./charger-operations.ts";
import { reservationOperations } from "./reservation-operations.ts";
import { simulatorOperations } from "./simulator-operations.ts";
import { startOperations } from "./start-operations.ts";
import { stationOperations } from "./station-operations.ts";
import { tagOperations } from "./tag-operations.ts";
import type { Operation, World } from "./world.ts";

const ATTEMPTS_MAX = 6;
const BATCH_MAX = 10;
/** Beyond it chargers are deleted instead, so that a long run does not slow down. */
const LIVING_MAX = 400;

const template = (prefix: string, runtime: "simulated" | "external", version: string) => ({
  brand_slug: "generic",
  model_slug: "generic-ac-22kw",
  ocpp_version: version,
  identity_prefix: prefix,
  runtime,
});

function note(
  world: World,
  creation: Omit<Creation, "verdict" | "ids" | "attempts">,
  replies: Reply[],
  idName: string,
) {
  const attempts = replies.map(({ status }) => status);
  const ids = replies.flatMap(({ status, body }) => (status < 300 ? (textIn(body, idName) ?? []) : []));
  world.ledger.creations.push({ ...creation, verdict: verdictOf(...replies), ids, attempts });
  return replies.find(({ status }) => status >= 200 && status < 300)?.body ?? null;
}

async function createLocation(world: World): Promise<void> {
  const tenant = world.anyTenant();
  const marker = world.marker("L");
  const body = { name: marker };
  const client = world.client(tenant);
  const replies = world.random.chance(0.5)
    ? [await client.send("create location", "POST", "/ocpp/locations", body)]
    : await client.sendUntilAnswered(
        "create location",
        "POST",
        "/ocpp/locations",
        body,
        marker,
        ATTEMPTS_MAX,
      );
  const made = note(world, { kind: "location", tenant, marker, count: 1 }, replies, "id");
  const id = made && textIn(made, "id");
  if (id) world.ledger.locations.set(id, { id, tenant, isBusy: false, removal: null });
}

async function createBatch(world: World): Promise<void> {
  const living = [...world.ledger.chargers.values()].filter(({ removal }) => removal === null);
  if (living.length > LIVING_MAX) return removeMany(world, BATCH_MAX);
  const tenant = world.anyTenant();
  const location = world.freeLocation(tenant);
  if (!location) return createLocation(world);
  const marker = world.marker("B");
  const count = world.random.integer(1, BATCH_MAX);
  const runtime: KnownJob["runtime"] = world.random.chance(0.8) ? "simulated" : "external";
  const version = world.random.pick(["OCPP1.6", "OCPP2.0.1", "OCPP2.1"]);
  const body = [{ template: template(marker, runtime, version), chargers_number: count }];
  const path = `/ocpp/locations/${location.id}/chargers`;
  await world.alone(location, async () => {
    const replies = await sendCreation(world, tenant, "bulk create", path, body, marker);
    const made = note(world, { kind: "batch", tenant, marker, count }, replies, "job_id");
    const jobId = made && textIn(made, "job_id");
    if (jobId) {
      const job = { tenant, statusUrl: `${path}/jobs/${jobId}`, locationId: location.id, runtime };
      world.ledger.jobs.set(jobId, job);
    }
  });
}

/** Without a key once; with one until it is answered, now and then several times at once. */
async function sendCreation(
  world: World,
  tenant: number,
  name: string,
  path: string,
  body: unknown,
  key: string,
) {
  const client = world.client(tenant);
  if (world.random.chance(0.4)) return [await client.send(name, "POST", path, body)];
  const parallel = world.random.chance(0.2) ? 3 : 1;
  const all = await Promise.all(
    Array.from({ length: parallel }, () =>
      client.sendUntilAnswered(name, "POST", path, body, key, ATTEMPTS_MAX),
    ),
  );
  return all.flat();
}

async function createCharger(world: World): Promise<void> {
  const tenant = world.anyTenant();
  const location = world.freeLocation(tenant);
  if (!location) return;
  const marker = world.marker("C");
  const runtime = "simulated" as const;
  const body = {
    identity: marker,
    brand_slug: "generic",
    model_slug: "generic-ac-22kw",
    ocpp_version: world.random.pick(["OCPP1.6", "OCPP2.0.1", "OCPP2.1"]),
    location_id: location.id,
    runtime,
  };
  await world.alone(location, async () => {
    const replies = await sendCreation(world, tenant, "create", "/ocpp/chargers", body, marker);
    const made = note(world, { kind: "charger", tenant, marker, count: 1 }, replies, "charger_id");
    const id = made && textIn(made, "charger_id");
    if (id) world.know({ id, identity: marker, tenant, runtime, locationId: location.id });
  });
}

/** Looks at a job; a finished one makes its chargers known. */
async function pollJob(world: World): Promise<void> {
  const job = world.random.pick([...world.ledger.jobs]);
  if (!job) return;
  const [jobId, known] = job;
  const { status, body } = await world.client(known.tenant).send("poll", "GET", known.statusUrl);
  if (status === 404) world.ledger.odd("I4", `job ${jobId} answers 404`);
  if (status !== 200) return;
  learnJob(world, jobId, known, body);
}

function learnJob(world: World, jobId: string, job: KnownJob, body: Record<string, unknown>): void {
  const { tenant, runtime, locationId } = job;
  const progress = body["progress"] as Record<"total" | "created" | "failed" | "pending", number>;
  world.ledger.polls.push({ jobId, status: String(body["status"]), ...progress });
  const results = body["results"] as { created: { id: string; identity: string }[] } | null;
  for (const { id, identity } of results?.created ?? []) {
    if (world.ledger.chargers.has(id)) continue;
    world.know({ id, identity, tenant, runtime, locationId });
  }
}

async function cancelJob(world: World): Promise<void> {
  const job = world.random.pick([...world.ledger.jobs]);
  if (!job) return;
  const [jobId, { tenant, statusUrl }] = job;
  const { status } = await world.client(tenant).send("cancel job", "POST", `${statusUrl}/cancel`);
  if (status === 404) world.ledger.odd("I4", `job ${jobId} answers 404 to a cancel`);
}

async function retryJob(world: World): Promise<void> {
  const job = world.random.pick([...world.ledger.jobs]);
  if (!job) return;
  const [jobId, { tenant, statusUrl }] = job;
  world.ledger.reopened.add(jobId);
  const { status } = await world.client(tenant).send("retry job", "POST", `${statusUrl}/retry`);
  if (status === 404) world.ledger.odd("I4", `job ${jobId} answers 404 to a retry`);
}

async function createKey(world: World): Promise<void> {
  const tenant = world.anyTenant();
  const marker = world.marker("K");
  const reply = await world
    .client(tenant)
    .send("create key", "POST", "/api/v1/auth/api-keys", { name: marker });
  const made = note(world, { kind: "apiKey", tenant, marker, count: 1 }, [reply], "id");
  const id = made && textIn(made, "id");
  if (id) world.ledger.apiKeys.set(id, { tenant, key: String(made["key"]) });
}

async function revokeKey(world: World): Promise<void> {
  const chosen = world.random.pick([...world.ledger.apiKeys]);
  if (!chosen) return;
  const [id, { tenant }] = chosen;
  world.ledger.apiKeys.delete(id);
  const reply = await world.client(tenant).send("revoke key", "DELETE", `/api/v1/auth/api-keys/${id}`);
  world.ledger.removals.push({ subject: "apiKey", id, verdict: verdictOf(reply) });
}

/** Asks with one organisation's key for what belongs to the other. */
async function trespass(world: World): Promise<void> {
  const charger: KnownCharger | undefined = world.freeCharger();
  if (!charger) return;
  const stranger = world.client(1 - charger.tenant);
  const [method, path, body] = world.random.pick<[string, string, unknown]>([
    ["GET", `/ocpp/chargers/${charger.id}`, undefined],
    ["PUT", `/ocpp/chargers/${charger.id}`, { charge_point_name: "stolen" }],
    ["DELETE", `/ocpp/chargers/${charger.id}`, undefined],
    ["POST", `/api/chargers/${charger.id}/update`, { maxChargeCurrent: 6 }],
    ["POST", `/api/v1/chargers/${charger.identity}/reset`, { type: "Hard" }],
    ["POST", "/ocpp/commands/plug", { target: { charger_id: charger.id } }],
    ["POST", `/api/v1/chargers/${charger.identity}/remote-start`, { connectorId: 1, idTag: "STOLEN" }],
    ["PUT", `/api/v1/chargers/${charger.identity}/local-list`, { mode: "managed" }],
  ]);
  const { status } = await stranger.send("trespass", method, path, body);
  if (![404, 403, 0, 503].includes(status))
    world.ledger.odd("I9", `${method} ${path} of another organisation answers ${status}`);
}

export const operations: readonly [Operation, ...Operation[]] = [
  { name: "create location", weight: 2, run: createLocation },
  { name: "bulk create", weight: 8, run: createBatch },
  { name: "create", weight: 4, run: createCharger },
  { name: "poll", weight: 10, run: pollJob },
  { name: "cancel job", weight: 1, run: cancelJob },
  { name: "retry job", weight: 1, run: retryJob },
  { name: "create key", weight: 1, run: createKey },
  { name: "revoke key", weight: 0.5, run: revokeKey },
  { name: "trespass", weight: 2, run: trespass },
  ...chargerOperations,
  ...tagOperations,
  ...stationOperations,
  ...startOperations,
  ...reservationOperations,
  ...simulatorOperations,
];
