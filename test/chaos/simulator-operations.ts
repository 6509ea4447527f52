import { verdictOf, type Reply } from "./client.ts";
import type { Change, KnownCharger, Verdict } from "./ledger.ts";
import { isGarage, maySpendEnergy } from "./start-operations.ts";
import type { Operation, World } from "./world.ts";

const ATTEMPTS_MAX = 4;
const PATH = "/ocpp/commands";
const isSimulated = ({ runtime }: KnownCharger) => runtime === "simulated";

/** An answer of a single-target command: its words say whether the station had it. */
function awaitedVerdict({ status, body }: Reply): Verdict {
  if (status === 200) return "stored";
  const isUnqueued = /is stopped|is not provisioned|Too many commands/.test(JSON.stringify(body));
  return isUnqueued || status === 404 || status === 429 ? "refused" : "unknown";
}

/** What a multi-target answer says of one charger. */
function queuedVerdict(reply: Reply, chargerId: string): Verdict {
  if (reply.status !== 202) return verdictOf(reply);
  const { results = [], failed = [] } = reply.body as {
    results?: { charger_id: string }[];
    failed?: { charger_id: string; error: { code: string } }[];
  };
  if (results.some((one) => one.charger_id === chargerId)) return "stored";
  const code = failed.find((one) => one.charger_id === chargerId)?.error.code;
  return code === "INTERNAL" ? "unknown" : "refused";
}

interface Command {
  name: string;
  target: object;
  event: object;
}

/** With a key until it is answered, or once without. */
async function order(world: World, charger: KnownCharger, { name, target, event }: Command): Promise<Reply> {
  const client = world.client(charger.tenant);
  const body = { target, event };
  const label = `command ${name}`;
  if (world.random.chance(0.5)) return client.send(label, "POST", `${PATH}/${name}`, body);
  const key = world.marker("Q");
  const replies = await client.sendUntilAnswered(label, "POST", `${PATH}/${name}`, body, key, ATTEMPTS_MAX);
  const isOpen = replies.find((reply) => verdictOf(reply) === "unknown");
  const last = replies.at(-1) ?? { status: 0, body: {} };
  return last.status >= 300 && isOpen ? isOpen : last;
}

/** A car comes or leaves, at one charger or at several of a location. */
async function moveCars(world: World): Promise<void> {
  const isMine = (one: KnownCharger) => isSimulated(one) && isGarage(one.id) && one.locationId !== null;
  const first = world.freeCharger(isMine);
  if (!first) return;
  const others = [...world.ledger.chargers.values()].filter(
    (one) => isMine(one) && one.locationId === first.locationId && !one.isBusy && one.removal === null,
  );
  const few = others.filter(({ id }) => id !== first.id).slice(0, world.random.integer(0, 4));
  const chargers = [first, ...few];
  const comes = world.random.chance(0.6);
  const ids = chargers.map(({ id }) => id);
  const target =
    ids.length === 1 ? { charger_id: first.id } : { location_id: first.locationId, charger_ids: ids };
  await world.together(chargers, async () => {
    const name = comes ? "plug" : "unplug";
    const reply = await order(world, first, { name, target, event: { connector_id: 1 } });
    for (const charger of chargers) {
      const verdict = queuedVerdict(reply, charger.id);
      const isSure = verdict !== "stored" || !world.isDisturbed(charger);
      world.ledger.changes.push({
        ...changeOf("simulated car", charger, comes ? "in" : "out"),
        verdict: isSure ? verdict : "unknown",
      });
    }
  });
}

const STATION_SESSIONS = ["start-session", "stop-session", "unlock-connector"] as const;
const SIMULATED_SESSIONS = [
  "start-session",
  "start-session",
  "start-session",
  "start-transaction",
  "stop-session",
  "stop-transaction",
  "authorize",
  "ev-stops-energy",
  "ev-requests-energy",
  "power-update",
] as const;

/** Somebody charges at a simulated charger, or, by the same commands, at a station. */
async function session(world: World): Promise<void> {
  const charger = world.freeCharger(maySpendEnergy);
  if (!charger) return;
  const name = world.random.pick(charger.station ? STATION_SESSIONS : SIMULATED_SESSIONS);
  const tag = world.marker("U");
  const begins = name === "start-session" || name === "start-transaction";
  const event = {
    ...(name !== "authorize" && { connector_id: charger.station ? world.random.integer(1, 2) : 1 }),
    ...((begins || name === "authorize") && { id_tag: tag }),
    ...(name === "start-session" && !charger.station && { duration_seconds: world.random.integer(2, 20) }),
    ...(name === "power-update" && { power_w: world.random.integer(1000, 22_000) }),
  };
  const reply = await order(world, charger, { name, target: { charger_id: charger.id }, event });
  if (!begins) return;
  const verdict = queuedVerdict(reply, charger.id);
  world.ledger.starts.push({
    identity: charger.identity,
    chargerId: charger.id,
    tag,
    // Queued: it may be refused, or expire, before it has an effect.
    verdict: verdict === "refused" || verdict === "unavailable" ? "unsent" : "unknown",
    transactionId: null,
    status: reply.status,
  });
}

async function breakConnector(world: World): Promise<void> {
  const charger = world.freeCharger(isSimulated);
  if (!charger) return;
  const value = world.marker("F");
  const breaks = world.random.chance(0.6);
  const fault_type = world.random.pick(["GroundFailure", "PowerMeterFailure", "OverVoltage"]);
  await world.alone(charger, async () => {
    const event = breaks ? { connector_id: 1, fault_type, info: value } : { connector_id: 1 };
    const name = breaks ? "inject-fault" : "clear-fault";
    const reply = await order(world, charger, { name, target: { charger_id: charger.id }, event });
    const change = changeOf("simulated fault", charger, breaks ? value : "none");
    world.ledger.changes.push({ ...change, verdict: awaitedVerdict(reply) });
  });
}

/** A list of the client's own; it ends the managed one. */
async function sendList(world: World): Promise<void> {
  const charger = world.freeCharger(isSimulated);
  if (!charger) return;
  const isEmpty = world.random.chance(0.2);
  const version = world.nextListVersion();
  await world.alone(charger, async () => {
    const entries = [{ id_tag: world.marker("X") }];
    const name = isEmpty ? "clear-local-auth-list" : "local-auth-list";
    const event = isEmpty ? {} : { list_version: version, entries };
    const reply = await order(world, charger, { name, target: { charger_id: charger.id }, event });
    const isRefused = reply.status === 200 && !isEmpty && reply.body["status"] !== "Accepted";
    const verdict = isRefused ? "refused" : awaitedVerdict(reply);
    // The version of a managed list is counted on by somebody else.
    if (!isGarage(charger.id))
      world.ledger.changes.push({
        ...changeOf("simulated list", charger, isEmpty ? "0" : String(version)),
        verdict,
      });
    else if (verdict !== "refused" || isRefused)
      world.ledger.changes.push({
        ...changeOf("listMode", charger, "off"),
        verdict: verdict === "unknown" ? "unknown" : "stored",
      });
  });
}

async function resetCache(world: World): Promise<void> {
  const charger = world.freeCharger();
  if (!charger) return;
  await order(world, charger, { name: "cache/reset", target: { charger_id: charger.id }, event: {} });
}

function changeOf(subject: Change["subject"], { id }: KnownCharger, value: string) {
  return { subject, id, value, atMs: Date.now() };
}

export const simulatorOperations: readonly Operation[] = [
  { name: "move cars", weight: 5, run: moveCars },
  { name: "session", weight: 8, run: session },
  { name: "break connector", weight: 4, run: breakConnector },
  { name: "send list", weight: 2, run: sendList },
  { name: "reset cache", weight: 1, run: resetCache },
];
