import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { call, type Access } from "../../harness/fleet.ts";
import { RawStation, type Door } from "../../harness/ocpp-station/raw-station.ts";
import { register } from "../../harness/ocpp-station/register.ts";
import { talkOf, type StationCharge, type Worded } from "../../harness/ocpp-station/station-talk.ts";
import { MeteredSession, type Window } from "./metered-session.ts";

/** What is measured; `alarm` is one that rings between the events of an idle charger, `chargingAlarm` while it charges. */
export const MEASURED = [
  "connect",
  "bootNotification",
  "earlyHeartbeat",
  "heartbeat",
  "livenessAlarm",
  "statusNotification",
  "authorize",
  "start",
  "meterValues",
  "chargingAlarm",
  "stop",
  "command",
  "disconnect",
] as const;
export type Measured = (typeof MEASURED)[number];

/** Samples of one station. */
export interface Samples {
  version: OcppVersion;
  events: Record<Measured, Window[][]>;
  /** What the alarms used that dropped the frames, and how many frames they dropped. */
  dropped: { windows: Window[]; frames: number };
  /** Of the object's database: after the first connection, and with that many frames more. */
  bytes: { first: number; last: number; frames: number };
}

/** How often each thing is done. */
export interface Repeats {
  connections: number;
  /** A multiple of what one row may hold. */
  heartbeats: number;
  sessions: number;
  meterValues: number;
  commands: number;
}

export const REPEATS: Repeats = {
  connections: 5,
  heartbeats: 48,
  sessions: 5,
  meterValues: 20,
  commands: 10,
};

const ONCE: Repeats = { connections: 1, heartbeats: 1, sessions: 1, meterValues: 1, commands: 1 };

const HEARTBEAT_MS = 300_000;
const MINUTE_MS = 60_000;
/** Longer than a frame is kept. */
const FRAMES_ARE_OLD_AFTER_MS = 15 * 86_400_000;
const STATUSES = ["Preparing", "Charging", "Finishing", "Available"];
/** A 2.x connector knows fewer words. */
const STATUSES_2X = ["Occupied", "Reserved", "Occupied", "Available"];

const logs = z.object({ total: z.number() });

/** Lets a station do what stations do, over and over, and notes what its session object uses for it. */
export async function measureStation(
  access: Access & { organizationSlug: string },
  version: OcppVersion,
  repeats: Repeats,
  say: (line: string) => void,
): Promise<Samples> {
  // The first object of an isolate loads code and asks the database for its clock.
  const first = await MeasuredStation.register(access, version, `WARM-${version}`);
  await first.liveThrough(ONCE, () => {});
  await first.leave();
  const station = await MeasuredStation.register(access, version, `COST-${version}`);
  const samples = await station.liveThrough(repeats, say);
  await station.leave();
  return samples;
}

class MeasuredStation {
  readonly #access: Access;
  readonly #version: OcppVersion;
  readonly #door: Door;
  readonly #id: string;
  readonly #session: MeteredSession;
  readonly #events = Object.fromEntries(MEASURED.map((name) => [name, []])) as unknown as Samples["events"];
  #line: RawStation | null = null;

  private constructor(
    access: Access,
    version: OcppVersion,
    charger: { door: Door; id: string; session: MeteredSession },
  ) {
    this.#access = access;
    this.#version = version;
    this.#door = charger.door;
    this.#id = charger.id;
    this.#session = charger.session;
  }

  static async register(
    access: Access & { organizationSlug: string },
    version: OcppVersion,
    identity: string,
  ): Promise<MeasuredStation> {
    const { connectionUrl, authorizationKey, id } = await register(access, identity);
    const door = { connectionUrl, identity, authorizationKey };
    const session = new MeteredSession(access.url, `${access.organizationSlug}/${identity}`);
    return new MeasuredStation(access, version, { door, id, session });
  }

  async liveThrough(repeats: Repeats, say: (line: string) => void): Promise<Samples> {
    await this.#connect();
    await this.#boot();
    await this.#charge({ ...repeats, meterValues: 1 }, false);
    const first = { bytes: await this.#bytes(), frames: await this.#frames() };
    say(`${this.#version}: ${repeats.connections} connections`);
    for (let round = 0; round < repeats.connections; round++) await this.#reconnect();
    say(`${this.#version}: ${repeats.heartbeats} heartbeats`);
    await this.#beIdle(repeats.heartbeats);
    say(`${this.#version}: ${repeats.sessions} charging sessions`);
    for (let round = 0; round < repeats.sessions; round++) await this.#charge(repeats, true);
    say(`${this.#version}: ${repeats.commands} commands`);
    for (let round = 0; round < repeats.commands; round++) {
      await this.#session.advance(MINUTE_MS);
      await this.#note("command", () => this.#command());
    }
    const [last, frames] = [await this.#bytes(), await this.#frames()];
    const bytes = { first: first.bytes, last, frames: frames - first.frames };
    return { version: this.#version, events: this.#events, bytes, dropped: await this.#growOld() };
  }

  /** Leaves for good. */
  async leave(): Promise<void> {
    this.#line?.socket.terminate();
    await this.#session.sleep();
  }

  async #reconnect(): Promise<void> {
    await this.#note("disconnect", () => this.#disconnect());
    await this.#session.advance(MINUTE_MS);
    await this.#note("connect", () => this.#connect());
    await this.#session.advance(1000);
    await this.#note("bootNotification", () => this.#boot());
    // A third one would come fifteen minutes after the connection.
    for (let beat = 0; beat < 2; beat++) {
      await this.#session.advance(HEARTBEAT_MS);
      await this.#note("earlyHeartbeat", () => this.#say({ action: "Heartbeat", payload: {} }));
    }
  }

  async #beIdle(heartbeats: number): Promise<void> {
    await this.#session.advance(HEARTBEAT_MS);
    await this.#say({ action: "Heartbeat", payload: {} });
    for (let beat = 0; beat < heartbeats; beat++) {
      this.#events.livenessAlarm.push(...(await this.#session.advance(HEARTBEAT_MS)));
      await this.#note("heartbeat", () => this.#say({ action: "Heartbeat", payload: {} }));
    }
  }

  async #charge({ meterValues }: Repeats, isNoted: boolean): Promise<void> {
    const talk = talkOf(this.#version);
    const note = async (name: Measured, worded: () => Worded) => {
      const rung = await this.#session.advance(MINUTE_MS);
      if (isNoted) this.#events.chargingAlarm.push(...rung);
      if (isNoted) await this.#note(name, () => this.#say(worded()));
      else await this.#say(worded());
    };
    const words = this.#version === "ocpp1.6" ? STATUSES : STATUSES_2X;
    const status = (word = "") => note("statusNotification", () => talk.status(1, word, this.#now()));
    const charge = newCharge(this.#now());
    await status(words[0]);
    await note("authorize", () => talk.authorize(charge.idTag));
    await note("start", () => talk.start(charge));
    charge.transactionIds.push(this.#transactionId);
    await status(words[1]);
    for (let value = 1; value <= meterValues; value++)
      await note("meterValues", () =>
        talk.reading(charge, { energyWh: 1000 + value * 100, at: this.#now() }, value),
      );
    const stop = () =>
      ({ energyWh: 1000 + (meterValues + 1) * 100, at: this.#now(), reason: "Local" }) as const;
    await note("stop", () => talk.stop(charge, stop(), meterValues + 1));
    await status(words[2]);
    await status(words[3]);
  }

  /** The station is away until the log has forgotten all. */
  async #growOld(): Promise<Samples["dropped"]> {
    await this.#disconnect();
    await this.#session.sleep();
    const before = await this.#frames();
    const windows = await this.#session.jump(FRAMES_ARE_OLD_AFTER_MS);
    const frames = before - (await this.#frames());
    if (frames < before) throw new Error(`${before - frames} of ${before} frames are still in the log`);
    return { windows, frames };
  }

  async #note(name: Measured, act: () => Promise<unknown>): Promise<void> {
    this.#events[name].push(await this.#session.measure(act));
  }

  async #connect(): Promise<void> {
    this.#line = await RawStation.connect(this.#door, this.#version);
    this.#line.react = () => ({ status: "Accepted" });
  }

  async #disconnect(): Promise<void> {
    this.#station.socket.close(1000);
    await this.#station.untilClosed();
  }

  #boot(): Promise<void> {
    return this.#say({ action: "BootNotification", payload: talkOf(this.#version).boot });
  }

  #transactionId = 0;

  /** Ids are never used twice: a repeated message has no effect. */
  async #say({ action, payload }: Worded): Promise<void> {
    const [type, , answer] = await this.#station.call(action, payload, randomUUID());
    if (type !== 3) throw new Error(`${action}: ${JSON.stringify(answer)}`);
    this.#transactionId = Number((answer as { transactionId?: number }).transactionId ?? this.#transactionId);
  }

  async #command(): Promise<void> {
    const path = `/api/v1/chargers/${this.#door.identity}/cache/clear`;
    const { status, body } = await call(this.#access, "POST", path);
    if (status !== 200) throw new Error(`command: ${status} ${JSON.stringify(body)}`);
  }

  async #frames(): Promise<number> {
    const { body } = await call(this.#access, "GET", `/ocpp/chargers/${this.#id}/logs?limit=1`);
    return logs.parse(body).total;
  }

  async #bytes(): Promise<number> {
    await this.#session.sleep();
    return this.#session.databaseBytes();
  }

  get #station(): RawStation {
    if (!this.#line) throw new Error("not connected");
    return this.#line;
  }

  #now(): string {
    return new Date(this.#session.now()).toISOString();
  }
}

function newCharge(startedAt: string): StationCharge {
  return {
    localId: randomUUID(),
    connectorId: 1,
    idTag: "04A2B3C4D5E6F7",
    startedAt,
    meterStartWh: 1000,
    transactionIds: [],
    verdicts: [],
    isStartAnswered: false,
    readings: [],
    stop: null,
    nextSeqNo: 0,
  };
}
