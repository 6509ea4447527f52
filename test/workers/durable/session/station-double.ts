import { env, exports } from "cloudflare:workers";
import { evictDurableObject, listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { expect, vi } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import type { ChargePointSession } from "../../../../src/durable/session/charge-point-session.ts";
import type { SessionProvision, Sessions } from "../../../../src/ports.ts";

export const KEY = "000102030405060708090a0b0c0d0e0f10111213";
const DEADLINE_MS = 5000;

export type Frame = [number, string, ...unknown[]];

/** One charger of its own per test. */
export interface Charger {
  ref: { organizationSlug: string; identity: string; chargerId: string };
  stub: DurableObjectStub;
  session: Sessions;
  path: string;
}

export function newCharger(identity = `CP-${crypto.randomUUID().slice(0, 8)}`): Charger {
  const organizationSlug = `org-${crypto.randomUUID().slice(0, 8)}`;
  return {
    ref: { organizationSlug, identity, chargerId: crypto.randomUUID() },
    stub: namespace().getByName(`${organizationSlug}/${identity}`),
    session: durableSessions(readEnv(env as RawEnv)),
    path: `/ocpp/${organizationSlug}/${encodeURIComponent(identity)}`,
  };
}

/** The same charger after its object was aborted: a stub that saw the end of its object stays broken. */
export function revived(charger: Charger): Charger {
  const { organizationSlug, identity } = charger.ref;
  return { ...charger, stub: namespace().getByName(`${organizationSlug}/${identity}`) };
}

/** The code under test sees less of it than a test needs. */
function namespace(): DurableObjectNamespace {
  return (env as RawEnv).CHARGE_POINT_SESSION as DurableObjectNamespace;
}

export async function sessionCount(): Promise<number> {
  return (await listDurableObjectIds(namespace())).length;
}

export function inObject<Result>(
  { stub }: Charger,
  look: (instance: ChargePointSession, state: DurableObjectState) => Result | Promise<Result>,
): Promise<Result> {
  return runInDurableObject<ChargePointSession, Result>(stub, look);
}

/** Frames in the table, without a look at the log, which writes what waits. */
export function storedFrames(charger: Charger): Promise<number> {
  return inObject(charger, (_instance, { storage }) => {
    const table = "SELECT 1 FROM sqlite_master WHERE name = 'frame_blocks'";
    if (storage.sql.exec(table).toArray().length === 0) return 0;
    return storage.sql.exec<{ n: number }>("SELECT sum(frames) AS n FROM frame_blocks").one().n;
  });
}

export function provisionInput(charger: Charger, changed: Partial<SessionProvision> = {}): SessionProvision {
  return {
    chargerId: charger.ref.chargerId,
    organizationId: crypto.randomUUID(),
    createdAtMs: 1_700_000_000_000,
    securityProfile: 2,
    registrationStatus: "Accepted",
    authorizationKey: KEY,
    ...changed,
  };
}

/** Its key comes as digests, as from a registration; `credential: null` lets the session make them. */
export async function provisioned(changed: Partial<SessionProvision> = {}): Promise<Charger> {
  const charger = newCharger();
  const input = provisionInput(charger, changed);
  const { authorizationKey } = input;
  const credential = authorizationKey === null ? null : await charger.session.newCredential(authorizationKey);
  await charger.session.provision(charger.ref, { credential, ...input });
  return charger;
}

export function basic(user: string, password: string | Uint8Array): string {
  const text = typeof password === "string" ? password : String.fromCharCode(...password);
  return `Basic ${btoa(`${user}:${text}`)}`;
}

interface UpgradeOptions {
  protocol?: string | null;
  authorization?: string | null;
  headers?: Record<string, string>;
  url?: string;
}

/** As a station sends it, from an address of its own. */
export function upgradeRequest(charger: Charger, options: UpgradeOptions = {}): Request {
  const { protocol = "ocpp1.6", authorization = basic(charger.ref.identity, KEY) } = options;
  const address = crypto.randomUUID();
  const headers = new Headers({ upgrade: "websocket", "cf-connecting-ip": address, ...options.headers });
  if (protocol !== null) headers.set("sec-websocket-protocol", protocol);
  if (authorization !== null) headers.set("authorization", authorization);
  return new Request(options.url ?? `https://busbar.test${charger.path}`, { headers });
}

/** The answer to an upgrade over the Worker's own entry. */
export function upgrade(charger: Charger, options: UpgradeOptions = {}): Promise<Response> {
  return exports.default.fetch(upgradeRequest(charger, options));
}

/** A station that notes what it gets and says what it is told to say. */
export class StationDouble {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  closed: { code: number; reason: string } | null = null;
  #taken = 0;
  #nextId = 1;
  #wake: Array<() => void> = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) =>
      this.#note(() => this.frames.push(JSON.parse(String(data)) as Frame)),
    );
    socket.addEventListener("close", ({ code, reason }) =>
      this.#note(() => (this.closed = { code, reason })),
    );
    socket.accept();
  }

  static async connect(charger: Charger, options: UpgradeOptions = {}): Promise<StationDouble> {
    const response = await upgrade(charger, options);
    if (!response.webSocket) throw new TypeError(`The upgrade was answered ${response.status}`);
    return new StationDouble(response.webSocket);
  }

  static async booted(charger: Charger, options: UpgradeOptions = {}): Promise<StationDouble> {
    const station = await StationDouble.connect(charger, options);
    await station.boot(options.protocol ?? "ocpp1.6");
    return station;
  }

  boot(protocol = "ocpp1.6"): Promise<Frame> {
    const chargingStation = { model: "M1", vendorName: "V1" };
    return protocol === "ocpp1.6"
      ? this.call("BootNotification", {
          chargePointVendor: "V1",
          chargePointModel: "M1",
          firmwareVersion: "1.0",
        })
      : this.call("BootNotification", { reason: "PowerUp", chargingStation });
  }

  /** Sends a CALL and waits for its answer. */
  async call(action: string, payload: object, id = `s${this.#nextId++}`): Promise<Frame> {
    const from = this.frames.length;
    this.socket.send(JSON.stringify([2, id, action, payload]));
    return this.until(`answer to ${action}`, () =>
      this.frames.slice(from).find((frame) => frame[0] !== 2 && frame[1] === id),
    );
  }

  send(frame: Frame): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The next CALL of the central system that no test has taken yet. */
  async nextCall(): Promise<[2, string, string, Record<string, unknown>]> {
    const call = await this.until("a CALL", () => {
      const index = this.frames.findIndex((frame, at) => at >= this.#taken && frame[0] === 2);
      if (index >= 0) this.#taken = index + 1;
      return this.frames[index];
    });
    return call as [2, string, string, Record<string, unknown>];
  }

  untilClosed(): Promise<{ code: number; reason: string }> {
    return this.until("a close", () => this.closed);
  }

  async until<Value>(what: string, look: () => Value | null | undefined): Promise<Value> {
    const deadlineAt = Date.now() + DEADLINE_MS;
    for (;;) {
      const value = look();
      if (value !== null && value !== undefined) return value;
      const leftMs = deadlineAt - Date.now();
      if (leftMs <= 0) throw new Error(`No ${what}; got ${JSON.stringify(this.frames.slice(-3))}`);
      const woken = Promise.withResolvers<void>();
      const timer = setTimeout(() => woken.resolve(), leftMs);
      this.#wake.push(() => woken.resolve());
      await woken.promise;
      clearTimeout(timer);
    }
  }

  #note(event: () => void): void {
    event();
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Of the newest line. */
export async function generationOf({ session, ref }: Charger): Promise<number> {
  return (await session.snapshot(ref))?.generation ?? Number.NaN;
}

export async function untilOffline({ session, ref }: Charger): Promise<void> {
  await vi.waitFor(
    async () => expect(await session.snapshot(ref)).toMatchObject({ online: false }),
    DEADLINE_MS,
  );
}

interface SocketTimes {
  connectedAtMs: number;
  lastMessageAtMs: number | null;
}

/** Moves the times that a session keeps with its sockets, and lets it sleep, so that it reads them again. */
export async function shiftSocketTimes(
  charger: Charger,
  shift: (times: SocketTimes) => Partial<SocketTimes>,
): Promise<void> {
  // A flush under way would end with storing the attachment as it was.
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  await inObject(charger, (_instance, state) => {
    for (const socket of state.getWebSockets()) {
      const attachment = socket.deserializeAttachment() as SocketTimes;
      socket.serializeAttachment({ ...attachment, ...shift(attachment) });
    }
  });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
}

/** Puts the next id into the storage of an organisation's allocator. */
export async function allocatorAt(organizationId: string, next: number): Promise<void> {
  const allocator = ((env as RawEnv).TRANSACTION_IDS as DurableObjectNamespace).getByName(organizationId);
  await runInDurableObject(allocator, (_instance, { storage }) => storage.kv.put("next", next));
}
