import { DurableObject } from "cloudflare:workers";
import { readEnv, type Env, type RawEnv } from "../../env.ts";
import { STATIONS_PER_HOST } from "../../ports.ts";
import type {
  AddressedCommand,
  CommandReceipt,
  EventResult,
  FrameRow,
  SessionProvision,
  Sessions,
  SimulatedStation,
  StartOutcome,
} from "../../ports.ts";
import type { HostOffer } from "../../session-address.ts";
import { factSink } from "../facts/fact-sink.ts";
import type { ServicesOf } from "../services.ts";
import { durableSessions } from "../sessions.ts";
import { claimConnectSlot, passConnectGate } from "./dial/connect-pacer.ts";
import { CredentialSeal } from "./dial/credential-seal.ts";
import type { DialOutcome } from "./dial/dial-outcome.ts";
import { dial, isOwnSocket } from "./dial/dial.ts";
import { HostOutbox } from "./host-outbox.ts";
import { FrameRelay } from "./station/frame-relay.ts";
import { HostedStation, type LineFacts } from "./station/hosted-station.ts";
import { CAPACITY } from "./station/provisioning-verdict.ts";
import { firstFacts } from "./station/station-profile.ts";
import { newRow, type StationRow } from "./station/station-row.ts";
import { StationRows } from "./station/station-rows.ts";
import { TimerWheel } from "../timer-wheel.ts";

/** State of one station of a host. */
export interface HostedStatus {
  isDesired: boolean;
  isOnline: boolean;
  isAccepted: boolean;
  outcome: StartOutcome;
}

export interface DesiredRuntime {
  isRunning: boolean;
  /** Changed value: the station restarts once. */
  restartToken: string | null;
}

const SAVE_DELAY_MS = 20;

/**
 * Runs up to 64 simulated charge points. Their outgoing sockets keep the object in memory and are lost when it is evicted. An
 * alarm restarts it then, and the constructor dials for every station that is switched on.
 */
export class SimulatorHost extends DurableObject<RawEnv> {
  readonly #config: Env;
  readonly #rows: StationRows;
  readonly #seal: CredentialSeal;
  readonly #sessions: Sessions;
  readonly #timers = new TimerWheel();
  readonly #stations = new Map<string, HostedStation>();
  readonly #unsaved = new Map<StationRow, { lineFacts: LineFacts | null; saved: () => void }>();
  readonly #outbox: HostOutbox;
  #isWatching = false;

  constructor(ctx: DurableObjectState, env: RawEnv, services: ServicesOf) {
    super(ctx, env);
    this.#config = readEnv(env);
    this.#rows = new StationRows(ctx.storage.sql);
    this.#seal = new CredentialSeal(this.#config.CREDENTIAL_SECRET);
    this.#sessions = durableSessions(this.#config);
    this.#outbox = new HostOutbox(ctx.storage.sql, {
      setTimer: (atMs, run) => this.#timers.set("outbox", atMs, run),
      nowMs: () => Date.now(),
      sink: factSink(this.#config, services),
      log: (event, about) => this.#log(event, about),
    });
    for (const row of this.#rows.all()) {
      const station = this.#hosted(row);
      if (row.isDesired) station.switchOn();
    }
  }

  /**
   * Gives the station a key and a session, switches it on and waits at most `waitMs` for its accepted boot. Idempotent: a repeat
   * keeps the key, and a failed station stays failed. The session of a station on this deployment is provisioned by the station's
   * first upgrade. @throws if the session cannot be reached
   */
  async start(station: SimulatedStation, waitMs: number): Promise<StartOutcome> {
    const known = this.#stations.get(station.chargerId) ?? this.#admit(station);
    if (!known) return { kind: "failed", error: CAPACITY };
    if (known.row.verdict) return { kind: "failed", error: known.row.verdict };
    if (!known.row.isReady && !this.#isOwn(station)) await this.#provisionSession(known.row);
    // The station was removed or replaced meanwhile.
    if (this.#stations.get(station.chargerId) !== known) return { kind: "waiting" };
    const isSame = known.row.isDesired && isSameStation(known.row.station, station);
    const hosted = isSame ? known : this.#replace(known, { ...known.row, station, isDesired: true });
    hosted.switchOn();
    if (!hosted.row.isReady) hosted.dialNow();
    await this.#watch();
    return hosted.outcome(waitMs);
  }

  /**
   * Makes a provisioned station match its record, also after the host lost its storage. Stopping is like a power cut; changed
   * properties and a new restart token cause one boot each. @throws if the session cannot be reached
   */
  async reconcile(station: SimulatedStation, desired: DesiredRuntime): Promise<void> {
    const hosted = this.#stations.get(station.chargerId) ?? (await this.#takeOver(station, desired));
    if (hosted?.row.verdict) return;
    if (hosted) await this.#switch(hosted, station, desired);
    if (!desired.isRunning && this.#isOwn(station)) await this.#hangUp(hosted?.row ?? newRow(station));
  }

  /** Makes the session report the station offline. A session that was lost before it was stored is provisioned again first. */
  async #hangUp(row: StationRow): Promise<void> {
    const nowMs = Date.now();
    if (await this.#sessions.hangUp(row.station, nowMs)) return;
    await this.#provisionSession(row);
    await this.#sessions.hangUp(row.station, nowMs);
  }

  async #switch(hosted: HostedStation, station: SimulatedStation, desired: DesiredRuntime): Promise<void> {
    const { row } = hosted;
    const restartToken = desired.restartToken ?? row.restartToken;
    const isSame = isSameStation(row.station, station) && restartToken === row.restartToken;
    if (isSame && row.isDesired === desired.isRunning) return;
    this.#replace(hosted, { ...row, station, isDesired: desired.isRunning, restartToken });
    await this.#watch();
  }

  /** Queues one command for each of the stations. The answer leaves when they are stored. */
  async command(commands: AddressedCommand[]): Promise<CommandReceipt[]> {
    return Promise.all(
      commands.map(({ chargerId, command }) => this.#stations.get(chargerId)?.command(command) ?? "unknown"),
    );
  }

  async commanded({ chargerId, command }: AddressedCommand): Promise<EventResult> {
    const end = (await this.#stations.get(chargerId)?.commanded(command)) ?? null;
    if (end === null)
      return { kind: "refused", receipt: this.#stations.has(chargerId) ? "stopped" : "unknown" };
    if (typeof end === "string") return { kind: "refused", receipt: end };
    return end.kind === "expired" ? { kind: "late" } : end;
  }

  /** Deletes the station and its key. Idempotent. */
  remove(chargerId: string): void {
    const hosted = this.#stations.get(chargerId);
    if (!hosted) return;
    hosted.switchOff();
    this.#unsaved.delete(hosted.row);
    this.#stations.delete(chargerId);
    this.#rows.delete(chargerId);
    this.#outbox.forget(chargerId);
  }

  async status(chargerId: string): Promise<HostedStatus | null> {
    const hosted = this.#stations.get(chargerId);
    if (!hosted) return null;
    const { isOnline, isAccepted, row } = hosted;
    return { isDesired: row.isDesired, isOnline, isAccepted, outcome: await hosted.outcome(0) };
  }

  /** Keeps the object from being evicted, or restarts it; the constructor dials. */
  override async alarm(): Promise<void> {
    this.#isWatching = false;
    await this.#watch();
  }

  /**
   * Adds a station in memory; null: the host is full, or a newer charger has the identity. It is stored once it is ready. Until
   * then its run starts it again, with the same derived key.
   */
  #admit(station: SimulatedStation): HostedStation | null {
    for (const { row } of this.#stations.values()) {
      const isSameIdentity =
        row.station.organizationId === station.organizationId && row.station.identity === station.identity;
      if (!isSameIdentity) continue;
      if (row.station.createdAtMs > station.createdAtMs) return null;
      this.remove(row.station.chargerId);
    }
    const live = [...this.#stations.values()].filter(({ row }) => !row.verdict);
    if (live.length >= STATIONS_PER_HOST) return null;
    return this.#hosted(newRow(station));
  }

  /** Replaces a station by one with another row, switched on if the row says so. */
  #replace(old: HostedStation, row: StationRow): HostedStation {
    old.switchOff();
    this.#unsaved.delete(old.row);
    const changed = { ...row, memory: old.row.memory };
    this.#save(changed);
    const hosted = this.#hosted(changed);
    if (changed.isDesired) hosted.switchOn();
    return hosted;
  }

  /** Adds a station that this host should have, and gives it a new key; null: it should not run, or cannot be added. */
  async #takeOver(station: SimulatedStation, desired: DesiredRuntime): Promise<HostedStation | null> {
    const hosted = desired.isRunning ? this.#admit(station) : null;
    if (!hosted) return null;
    hosted.row.isReady = true;
    const isCurrent = () => this.#stations.get(station.chargerId) === hosted;
    try {
      await this.#claimSession(hosted.row);
    } catch (error) {
      // The caller repeats the request, and must find a station that is not taken over yet.
      if (isCurrent()) this.remove(station.chargerId);
      throw error;
    }
    // The station was removed or replaced meanwhile.
    if (!isCurrent()) return null;
    this.#save(hosted.row);
    hosted.switchOn();
    await this.#watch();
    return hosted;
  }

  /** Provisions the session. One that exists gets the key of this station instead. */
  async #claimSession(row: StationRow): Promise<void> {
    const { created } = await this.#provisionSession(row);
    const key = created ? null : await this.#keyOf(row);
    if (key !== null) await this.#sessions.rotateAuthorizationKey(row.station, key);
  }

  /** Null: the security profile has no key. */
  async #keyOf({ station, sealedKey }: StationRow): Promise<string | null> {
    const { chargerId, securityProfile } = station;
    if (securityProfile === 0 || securityProfile === 3) return null;
    return sealedKey === null ? this.#seal.derive(chargerId) : this.#seal.open(sealedKey, chargerId);
  }

  async #connect(row: StationRow, offers: boolean): Promise<DialOutcome> {
    try {
      const key = await this.#keyOf(row);
      return await dial(this.#config, row.station, { key, offer: offers ? offerOf(row, key) : null });
    } catch {
      return { kind: "unreachable", message: "The station's key could not be opened" };
    }
  }

  async #provisionSession(row: StationRow): Promise<{ created: boolean }> {
    return this.#sessions.provision(row.station, provisionOf(row, await this.#keyOf(row)));
  }

  #isOwn({ wsUrl, organizationSlug }: SimulatedStation): boolean {
    return isOwnSocket(wsUrl, this.#config.PUBLIC_BASE_URL, organizationSlug);
  }

  #hosted(row: StationRow): HostedStation {
    const { chargerId } = row.station;
    const perSecond = this.#config.SIMULATOR_CONNECTS_PER_SECOND;
    const timerOf = (name: string) => `${chargerId} ${name}`;
    const relay = new FrameRelay({
      setTimer: (atMs, run) => this.#timers.set(timerOf("relay"), atMs, run),
      nowMs: () => Date.now(),
      send: (frames) => this.#sessions.appendFrames(row.station, frames),
    });
    const services = {
      setTimer: (name: string, atMs: number, run: () => void) => this.#timers.set(timerOf(name), atMs, run),
      clearTimer: (name: string) => this.#timers.clear(timerOf(name)),
      save: (changed: StationRow) => this.#save(changed),
      saveSoon: (changed: StationRow, lineFacts: LineFacts | null, saved: () => void) =>
        this.#saveSoon(changed, lineFacts, saved),
      connectSlotMs: () => claimConnectSlot(Date.now(), perSecond),
      connectGateMs: () => passConnectGate(Date.now(), perSecond),
      connect: (from: StationRow, offers: boolean) => this.#connect(from, offers),
      seal: (key: string) => this.#seal.seal(key, chargerId),
      gone: () => {
        if (this.#stations.get(chargerId) === hosted) this.remove(chargerId);
      },
      note: (direction: FrameRow["direction"], message: string) => relay.note(direction, message),
      commandUnused: (commandId: string, reason: string) => {
        this.#log("host.commandUnused", { chargerId, commandId, reason });
        relay.note("cp_to_csms", `Command ${commandId} had no effect: ${reason}`);
      },
    };
    const hosted = new HostedStation(row, services, this.#isOwn(row.station));
    this.#stations.set(chargerId, hosted);
    return hosted;
  }

  #save(row: StationRow): void {
    const unsaved = this.#unsaved.get(row);
    this.#unsaved.delete(row);
    this.#rows.save(row);
    if (unsaved?.lineFacts) this.#outbox.post(row.station.chargerId, unsaved.lineFacts);
    unsaved?.saved();
  }

  /** Stores a row soon, in one commit with other boots. */
  #saveSoon(row: StationRow, lineFacts: LineFacts | null, saved: () => void): void {
    this.#unsaved.set(row, { lineFacts, saved });
    if (this.#timers.has("save")) return;
    this.#timers.set("save", Date.now() + SAVE_DELAY_MS, () => {
      for (const each of this.#unsaved.keys()) this.#save(each);
    });
  }

  #log(event: string, about: Record<string, unknown>): void {
    console.log(JSON.stringify({ event, ...about }));
  }

  async #watch(): Promise<void> {
    const isNeeded = [...this.#stations.values()].some(({ row }) => row.isDesired);
    if (!isNeeded || this.#isWatching) return;
    this.#isWatching = true;
    const watchMs = this.#config.SIMULATOR_WATCH_SECONDS * 1000;
    await this.ctx.storage.setAlarm(Date.now() + watchMs * (0.85 + 0.3 * Math.random()));
  }
}

function provisionOf({ station }: StationRow, authorizationKey: string | null): SessionProvision {
  const { chargerId, organizationId, createdAtMs, securityProfile } = station;
  const registrationStatus = "Accepted";
  const tagPolicy = station.tagPolicy ?? null;
  const known = { chargerId, organizationId, createdAtMs, securityProfile, registrationStatus } as const;
  return { ...known, authorizationKey, tagPolicy };
}

function offerOf(row: StationRow, authorizationKey: string | null): HostOffer {
  const { organizationSlug, identity } = row.station;
  const ref = { organizationSlug, identity };
  return { ref, input: provisionOf(row, authorizationKey), facts: firstFacts(row) };
}

function isSameStation(one: SimulatedStation, other: SimulatedStation): boolean {
  const names = Object.keys({ ...one, ...other }) as Array<keyof SimulatedStation>;
  return names.every((name) => name === "tagPolicy" || one[name] === other[name]);
}
