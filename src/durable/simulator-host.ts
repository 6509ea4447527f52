import { DurableObject } from "cloudflare:workers";
import { readEnv, type Env, type RawEnv } from "../env.ts";
import type { SimulatedStation, StartOutcome } from "../ports.ts";
import { FRESH_MEMORY } from "../simulator/state.ts";
import { claimConnectSlot } from "./host/connect-pacer.ts";
import { CredentialSeal } from "./host/credential-seal.ts";
import { dial, type DialOutcome } from "./host/dial.ts";
import { HostedStation } from "./host/hosted-station.ts";
import { isOwnSocket } from "./host/own-socket.ts";
import { CAPACITY } from "./host/provisioning-verdict.ts";
import { StationRows, type StationRow } from "./host/station-rows.ts";
import { TimerWheel } from "./host/timer-wheel.ts";

/** What a host knows of one of its stations. */
export interface HostedStatus {
  isDesired: boolean;
  isOnline: boolean;
  isAccepted: boolean;
  outcome: StartOutcome;
}

const STATIONS_MAX = 64;
const KEY_BYTES = 20;
const WATCH_MS = { low: 25_000, high: 35_000 };
const SAVE_DELAY_MS = 250;

/**
 * Runs up to 64 virtual charge points. Their outgoing sockets keep the object awake and are lost with it, so an alarm
 * brings it back after an eviction or restart, and waking dials for every station that is switched on.
 */
export class SimulatorHost extends DurableObject<RawEnv> {
  readonly #config: Env;
  readonly #rows: StationRows;
  readonly #seal: CredentialSeal;
  readonly #timers = new TimerWheel();
  readonly #stations = new Map<string, HostedStation>();
  readonly #unsaved = new Set<StationRow>();
  #isWatching = false;

  constructor(ctx: DurableObjectState, env: RawEnv) {
    super(ctx, env);
    this.#config = readEnv(env);
    this.#rows = new StationRows(ctx.storage.sql);
    this.#seal = new CredentialSeal(this.#config.CREDENTIAL_SECRET);
    for (const row of this.#rows.all()) {
      const station = this.#hosted(row);
      if (row.isDesired) station.switchOn();
    }
  }

  /**
   * Idempotent: gives the station a key and a session, switches it on and waits at most `waitMs` for its accepted
   * boot. A repeat keeps the key, a failed station stays failed. @throws when the session cannot be reached.
   */
  async start(station: SimulatedStation, waitMs: number): Promise<StartOutcome> {
    const hosted = this.#stations.get(station.chargerId) ?? (await this.#admit(station));
    if (!hosted) return { kind: "failed", error: CAPACITY };
    const { row } = hosted;
    if (row.verdict) return { kind: "failed", error: row.verdict };
    if (!row.isReady) await this.#provisionSession(row);
    if (this.#stations.get(station.chargerId) !== hosted) return { kind: "waiting" };
    if (!row.isDesired) {
      row.isDesired = true;
      this.#save(row);
    }
    hosted.switchOn();
    if (!row.isReady) hosted.hurry();
    await this.#watch();
    return hosted.outcome(waitMs);
  }

  /** Like a power cut; the station stays off over restarts of the host until the next start. False when unknown. */
  stop(chargerId: string): boolean {
    const hosted = this.#stations.get(chargerId);
    if (!hosted) return false;
    hosted.row.isDesired = false;
    hosted.switchOff();
    this.#save(hosted.row);
    return true;
  }

  /** Switches the station off and on again: one BootNotification. False when unknown or failed. */
  async restart(chargerId: string): Promise<boolean> {
    const hosted = this.#stations.get(chargerId);
    if (!hosted || hosted.row.verdict) return false;
    hosted.switchOff();
    hosted.row.isDesired = true;
    this.#save(hosted.row);
    hosted.switchOn();
    await this.#watch();
    return true;
  }

  /** The station forgets nothing but its line: it comes back with the new properties and boots. False when unknown. */
  reconfigure(station: SimulatedStation): boolean {
    const old = this.#stations.get(station.chargerId);
    if (!old) return false;
    const isSame = JSON.stringify(old.row.station) === JSON.stringify(station);
    if (isSame) return true;
    old.switchOff();
    const row = { ...old.row, station };
    this.#unsaved.delete(old.row);
    this.#save(row);
    const hosted = this.#hosted(row);
    if (row.isDesired) hosted.switchOn();
    return true;
  }

  /** Forgets the station and its key. Idempotent. */
  remove(chargerId: string): void {
    const hosted = this.#stations.get(chargerId);
    if (!hosted) return;
    hosted.switchOff();
    this.#unsaved.delete(hosted.row);
    this.#stations.delete(chargerId);
    this.#rows.delete(chargerId);
  }

  async status(chargerId: string): Promise<HostedStatus | null> {
    const hosted = this.#stations.get(chargerId);
    if (!hosted) return null;
    const { isOnline, isAccepted, row } = hosted;
    return { isDesired: row.isDesired, isOnline, isAccepted, outcome: await hosted.outcome(0) };
  }

  /** The constructor has dialed already; this keeps the object from being evicted, and brings it back if it was. */
  override async alarm(): Promise<void> {
    this.#isWatching = false;
    await this.#watch();
  }

  async #admit(station: SimulatedStation): Promise<HostedStation | null> {
    for (const { row } of this.#stations.values()) {
      const isSameIdentity =
        row.station.organizationId === station.organizationId && row.station.identity === station.identity;
      if (!isSameIdentity) continue;
      if (row.station.createdAtMs > station.createdAtMs) return null;
      this.remove(row.station.chargerId);
    }
    const live = [...this.#stations.values()].filter(({ row }) => !row.verdict);
    if (live.length >= STATIONS_MAX) return null;
    const sealedKey = await this.#newKey(station);
    // A second start may have come first while the key was being sealed.
    const first = this.#stations.get(station.chargerId);
    if (first) return first;
    const row = { station, sealedKey, isDesired: true, isReady: false, verdict: null, memory: FRESH_MEMORY };
    this.#save(row);
    return this.#hosted(row);
  }

  async #newKey(station: SimulatedStation): Promise<string | null> {
    if (station.securityProfile === 0 || station.securityProfile === 3) return null;
    const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return this.#seal.seal(key, station.chargerId);
  }

  async #keyOf(row: StationRow): Promise<string | null> {
    return row.sealedKey === null ? null : this.#seal.open(row.sealedKey, row.station.chargerId);
  }

  async #connect(row: StationRow): Promise<DialOutcome> {
    try {
      return await dial(this.#config, row.station, await this.#keyOf(row));
    } catch {
      return { kind: "unreachable", message: "The station's key could not be opened" };
    }
  }

  async #provisionSession(row: StationRow): Promise<void> {
    const { chargerId, organizationId, organizationSlug, identity, createdAtMs, securityProfile } =
      row.station;
    const authorizationKey = await this.#keyOf(row);
    await this.#config.CHARGE_POINT_SESSION.getByName(`${organizationSlug}/${identity}`).provision({
      chargerId,
      organizationId,
      createdAtMs,
      securityProfile,
      registrationStatus: "Accepted",
      authorizationKey,
    });
  }

  #hosted(row: StationRow): HostedStation {
    const { chargerId, wsUrl, organizationSlug } = row.station;
    const timerOf = (name: string) => `${chargerId} ${name}`;
    const isOwn = isOwnSocket(wsUrl, this.#config.PUBLIC_BASE_URL, organizationSlug);
    const services = {
      setTimer: (name: string, atMs: number, run: () => void) => this.#timers.set(timerOf(name), atMs, run),
      clearTimer: (name: string) => this.#timers.clear(timerOf(name)),
      save: (changed: StationRow) => this.#save(changed),
      saveSoon: (changed: StationRow) => this.#saveSoon(changed),
      connectSlotMs: () => claimConnectSlot(Date.now(), this.#config.SIMULATOR_CONNECTS_PER_SECOND),
      connect: (from: StationRow) => this.#connect(from),
      seal: (key: string) => this.#seal.seal(key, chargerId),
    };
    const hosted = new HostedStation(row, services, isOwn);
    this.#stations.set(chargerId, hosted);
    return hosted;
  }

  #save(row: StationRow): void {
    this.#unsaved.delete(row);
    this.#rows.save(row);
  }

  /** Boots of one moment share a commit. */
  #saveSoon(row: StationRow): void {
    this.#unsaved.add(row);
    if (this.#timers.has("save")) return;
    this.#timers.set("save", Date.now() + SAVE_DELAY_MS, () => {
      for (const each of this.#unsaved) this.#rows.save(each);
      this.#unsaved.clear();
    });
  }

  async #watch(): Promise<void> {
    const isNeeded = [...this.#stations.values()].some(({ row }) => row.isDesired);
    if (!isNeeded || this.#isWatching) return;
    this.#isWatching = true;
    const { low, high } = WATCH_MS;
    await this.ctx.storage.setAlarm(Date.now() + low + Math.random() * (high - low));
  }
}
