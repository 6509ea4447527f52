import { setTimeout as delay } from "node:timers/promises";
import { sentIn, textIn, verdictOf } from "./client.ts";
import type { Operation, World } from "./world.ts";

const STATIONS_MAX = 14;
const CONNECTORS = [1, 2] as const;
const TAG = "CHAOS";

/** Registers a charger; its station dials at once and comes back until it is deleted. */
async function register(world: World): Promise<void> {
  const living = world.ledger.stations.filter(({ isGone }) => !isGone).length;
  if (living >= STATIONS_MAX) return;
  const tenant = world.anyTenant();
  const marker = world.marker("S");
  const reply = await world
    .client(tenant)
    .send("register", "POST", "/api/v1/chargers", { chargeBoxId: marker });
  const verdict = verdictOf(reply);
  const id = textIn(reply.body, "id");
  world.ledger.creations.push({
    kind: "registration",
    tenant,
    marker,
    count: 1,
    verdict,
    ids: reply.status === 201 && id ? [id] : [],
    attempts: [reply.status],
  });
  const [connectionUrl, authorizationKey] = [
    textIn(reply.body, "connectionUrl"),
    textIn(reply.body, "authorizationKey"),
  ];
  if (reply.status !== 201 || !id || !connectionUrl || !authorizationKey) return;
  const charger = world.know({ id, identity: marker, tenant, runtime: "external", locationId: null });
  world.connect(charger, { connectionUrl, identity: marker, authorizationKey });
}

/** A station does what stations do: somebody charges, the line breaks, a second line opens. */
async function live(world: World): Promise<void> {
  const station = world.random.pick(world.ledger.stations.filter(({ isGone }) => !isGone));
  if (!station) return;
  const connectorId = world.random.pick(CONNECTORS);
  const running = station.running(connectorId);
  const mood = world.random.next();
  if (mood < 0.04) return station.drop();
  if (mood < 0.06) return station.takeOver();
  if (mood < 0.07) return station.restart();
  if (mood < 0.15) return station.heartbeat();
  if (mood < 0.22)
    return station.tellStatus(connectorId, world.random.pick(["Available", "Faulted", "Unavailable"]));
  if (mood < 0.27)
    return station.authorize(TAG, (verdict) => {
      if (verdict !== "Accepted")
        world.ledger.odd(
          "drivers",
          `${station.door.identity}: Authorize of a tag that is accepted was answered ${verdict}`,
        );
    });
  const desk = world.ledger.desks.get(station.door.identity);
  if (mood < 0.29) return desk?.giveUpReservation();
  if (!running) return desk?.comeToCharge(connectorId, TAG);
  if (mood < 0.7) return station.read(running);
  if (mood < 0.75 && running.isStartAnswered) return station.repeatStart(running);
  station.end(running);
}

/** Words that are sent once, to one station, which repeats them with its name, by either road to it. */
async function transfer(world: World): Promise<void> {
  const charger = world.freeCharger(({ station }) => station !== null);
  if (!charger) return;
  const marker = world.marker("T");
  const startedAtMs = Date.now();
  const road = world.random.pick(["data-transfer", "ocpp/DataTransfer"]);
  const path = `/api/v1/chargers/${charger.identity}/${road}?timeout=${world.random.pick([5, 8, 20])}`;
  const { status, body } = await world.client(charger.tenant).send("command", "POST", path, {
    vendorId: "chaos",
    data: marker,
  });
  const error = (body["error"] ?? {}) as Record<string, unknown>;
  world.ledger.commands.push({
    identity: charger.identity,
    marker,
    status,
    code: textIn(error, "code"),
    sent: sentIn(body),
    answer:
      textIn(body, "responseData") ?? textIn((body["response"] ?? {}) as Record<string, unknown>, "data"),
    tookMs: Date.now() - startedAtMs,
  });
}

/** Other commands, also to simulated stations. */
async function command(world: World): Promise<void> {
  const charger = world.freeCharger();
  if (!charger) return;
  const [name, body] = world.random.pick<[string, object]>([
    ["trigger", { requestedMessage: "Heartbeat" }],
    ["cache/clear", {}],
    ["configuration/get", { key: ["HeartbeatInterval"] }],
    ["availability", { connectorId: 1, type: "Operative" }],
    ["reset", { type: "Soft" }],
    ["unlock", { connectorId: 1 }],
    ["ocpp/GetLocalListVersion", {}],
    // Of 2.x: another station is sent nothing.
    ["ocpp/GetBaseReport", { requestId: world.random.integer(1, 1000), reportBase: "FullInventory" }],
  ]);
  const path = `/api/v1/chargers/${charger.identity}/${name}?timeout=6`;
  if (name === "reset" || name === "unlock") world.disturb(charger);
  const startedAtMs = Date.now();
  const { status } = await world.client(charger.tenant).send("command", "POST", path, body);
  const tookMs = Date.now() - startedAtMs;
  world.ledger.commands.push({
    identity: charger.identity,
    marker: "",
    status,
    code: null,
    sent: null,
    answer: null,
    tookMs,
  });
}

async function rest(world: World): Promise<void> {
  await delay(world.random.integer(20, 200));
}

export const stationOperations: readonly Operation[] = [
  { name: "register", weight: 4, run: register },
  { name: "station", weight: 40, run: live },
  { name: "data transfer", weight: 8, run: transfer },
  { name: "command", weight: 5, run: command },
  { name: "rest", weight: 20, run: rest },
];
