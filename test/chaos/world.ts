import type { OcppVersion } from "../../src/ocpp/version.ts";
import { RepeatingStation } from "../harness/ocpp-station/repeating-station.ts";
import type { Reply, TakenCall } from "../harness/ocpp-station/station-reply.ts";
import type { Door } from "../harness/ocpp-station/raw-station.ts";
import { Client, type Credentials } from "./client.ts";
import type { Change, KnownCharger, KnownLocation, Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import { StationDesk } from "./station-desk.ts";

export interface Tenant {
  organization: string;
  client: Client;
}

/** One kind of thing that somebody does. A new surface is a new row. */
export interface Operation {
  name: string;
  weight: number;
  run(world: World): Promise<void>;
}

/** Longest time that a command waits for a simulated station, and its way there. */
const WAIT_MAX_MS = 75_000;

/** What operations work on: two organisations, what they own, and the stations that somebody else built. */
export class World {
  readonly ledger: Ledger;
  readonly random: Random;
  readonly tenants: readonly Tenant[];
  readonly run: string;
  #markers = 0;
  #listVersion = 0;

  constructor(options: {
    run: string;
    url: string;
    organizations: readonly ({ organization: string } & Credentials)[];
    ledger: Ledger;
    random: Random;
  }) {
    this.run = options.run;
    this.ledger = options.ledger;
    this.random = options.random;
    this.tenants = options.organizations.map(({ organization, ...credentials }) => ({
      organization,
      client: new Client(options.url, credentials, options.ledger),
    }));
  }

  /** Words that nothing else of this run has, also as the beginning of longer ones. */
  marker(kind: string): string {
    return `${kind}${this.run}_${(this.#markers++).toString(36)}_`;
  }

  client(tenant: number): Client {
    const found = this.tenants[tenant];
    if (!found) throw new Error(`no tenant ${tenant}`);
    return found.client;
  }

  /** The first organisation does most of the work. */
  anyTenant(): number {
    return this.random.chance(0.8) ? 0 : 1;
  }

  /** A charger that nobody else works on at this moment. */
  freeCharger(isWanted: (charger: KnownCharger) => boolean = () => true): KnownCharger | undefined {
    const free = [...this.ledger.chargers.values()].filter(
      (charger) => !charger.isBusy && charger.removal === null && isWanted(charger),
    );
    return this.random.pick(free);
  }

  freeLocation(tenant: number): KnownLocation | undefined {
    const free = [...this.ledger.locations.values()].filter(
      (location) => location.tenant === tenant && !location.isBusy && location.removal === null,
    );
    return this.random.pick(free);
  }

  /** Keeps the subject for this work alone, so that the order of its writes is known. */
  async alone<Subject extends { isBusy: boolean }>(
    subject: Subject,
    work: (subject: Subject) => Promise<void>,
  ): Promise<void> {
    await this.together([subject], () => work(subject));
  }

  /** Keeps several subjects for this work alone. */
  async together(subjects: readonly { isBusy: boolean }[], work: () => Promise<void>): Promise<void> {
    for (const subject of subjects) subject.isBusy = true;
    try {
      await work();
    } finally {
      for (const subject of subjects) subject.isBusy = false;
    }
  }

  /** Higher than all before. */
  nextListVersion(): number {
    return ++this.#listVersion;
  }

  know(charger: Pick<KnownCharger, "id" | "identity" | "tenant" | "runtime" | "locationId">): KnownCharger {
    const known: KnownCharger = {
      ...charger,
      wantsRun: true,
      removal: null,
      isBusy: false,
      station: null,
      disturbedAtMs: 0,
    };
    this.ledger.chargers.set(charger.id, known);
    return known;
  }

  /**
   * Notes that a simulated station is about to be stopped, restarted or told to let a car go: a command that waits for
   * it may expire, so that nobody knows whether it had its effect.
   */
  disturb(charger: KnownCharger): void {
    charger.disturbedAtMs = Date.now();
    for (const change of this.ledger.changes) if (isWaiting(change, charger)) change.verdict = "unknown";
  }

  /** Whether a command that is queued for a simulated station may expire before its turn. */
  isDisturbed(charger: KnownCharger): boolean {
    return Date.now() - charger.disturbedAtMs < WAIT_MAX_MS;
  }

  /** The desk of a charger's station. */
  desk(charger: KnownCharger): StationDesk | undefined {
    return this.ledger.desks.get(charger.identity);
  }

  /** A station for a registered charger. */
  connect(charger: KnownCharger, door: Door): void {
    const random = this.random.fork(charger.identity);
    const versions: [OcppVersion, ...OcppVersion[]] = ["ocpp1.6", "ocpp1.6", "ocpp2.0.1", "ocpp2.1"];
    const station = new RepeatingStation({
      door,
      version: random.pick(versions),
      redialMs: () => random.integer(100, 1500),
      messageTimeoutMs: 4000,
      retryIntervalMs: 500,
      repeatsWithSameId: () => random.chance(0.5),
      react: (call) => react({ station, desk, random }, call),
    });
    const desk = new StationDesk(station, random.fork("desk"));
    charger.station = station;
    this.ledger.desks.set(charger.identity, desk);
    this.ledger.stations.push(station);
    station.start();
  }
}

function isWaiting({ subject, id, verdict, atMs = 0 }: Change, charger: KnownCharger): boolean {
  const isQueued = subject === "simulated car" && id === charger.id && verdict === "stored";
  return isQueued && Date.now() - atMs < WAIT_MAX_MS;
}

interface Reacting {
  station: RepeatingStation;
  desk: StationDesk;
  random: Random;
}

/** Of these an obedient station answers every one at once. */
const LIST_ACTIONS = new Set(["GetLocalListVersion", "SendLocalList", "GetReport", "GetConfiguration"]);

/**
 * Mostly an answer at once; sometimes late, sometimes none, sometimes the connection breaks instead. A station without an
 * answer has done what it was asked in half of these cases.
 */
function react({ station, desk, random }: Reacting, call: TakenCall): Reply {
  const mood = desk.isObedient && LIST_ACTIONS.has(call.action) ? 1 : random.next();
  const isMute = mood < 0.04;
  if (isMute && random.chance(0.5)) return { kind: mood < 0.02 ? "silence" : "drop" };
  const afterMs = mood < 0.2 ? random.integer(50, 2500) : 0;
  const payload = desk.answer(call) ?? answerTo(station, call);
  if (isMute) return { kind: mood < 0.02 ? "silence" : "drop" };
  return payload ? { kind: "answer", payload, afterMs } : { kind: "error", code: "NotSupported", afterMs };
}

/** Echoes what a command carried together with the own identity: an answer that went elsewhere would be seen. */
function answerTo(station: RepeatingStation, { action, payload }: TakenCall): object | null {
  switch (action) {
    case "DataTransfer":
      return { status: "Accepted", data: `${station.door.identity} ${String(payload["data"])}` };
    case "GetVariables":
      return {
        getVariableResult: listOf(payload["getVariableData"]).map((one) => ({
          ...pathOf(one),
          attributeStatus: "UnknownVariable",
        })),
      };
    case "SetVariables":
      return {
        setVariableResult: listOf(payload["setVariableData"]).map((one) => ({
          ...pathOf(one),
          attributeStatus: "Accepted",
        })),
      };
    case "Reset":
      setTimeout(() => station.restart(), 300);
      return { status: "Accepted" };
    case "GetCompositeSchedule":
      return { status: "Rejected" };
    case "UnlockConnector":
      return { status: "Unlocked" };
    case "ChangeConfiguration":
    case "ChangeAvailability":
    case "ClearCache":
    case "ClearChargingProfile":
    case "SetChargingProfile":
    case "TriggerMessage":
    case "GetBaseReport":
      return { status: "Accepted" };
    default:
      return null;
  }
}

const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value : []);
const pathOf = ({ component, variable }: Record<string, unknown>) => ({ component, variable });
