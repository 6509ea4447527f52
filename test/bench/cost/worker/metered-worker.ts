// The order matters: the clock and the counting functions stand in for those of the runtime when the product is loaded.
import { moveAhead } from "./bench-clock.ts";
import { DurableObject } from "cloudflare:workers";
import { Meter } from "./meter.ts";
import "./meter-globals.ts";
import product, { ChargePointSession as Session } from "../../../../src/index.ts";
import type { RawEnv } from "../../../../src/env.ts";

export { SessionShelf, SimulatorHost, TagRegistry, TransactionIds } from "../../../../src/index.ts";

/**
 * The Worker as it is deployed, with a meter around every session object. The product knows nothing of it: the meter replaces methods
 * of the runtime's own objects and wraps the handlers and methods that the runtime calls.
 */
const meters = new Map<string, Meter>();

function meterOf(id: string): Meter {
  const meter = meters.get(id) ?? new Meter();
  meters.set(id, meter);
  return meter;
}

const metersOf = new WeakMap<object, Meter>();

export class ChargePointSession extends Session {
  constructor(state: DurableObjectState, raw: RawEnv) {
    const meter = meterOf(state.id.toString());
    meter.attach(state);
    super(state, raw);
    metersOf.set(this, meter);
  }

  async keepAlarm(): Promise<void> {
    await metersOf.get(this)?.keepAlarm();
  }

  databaseBytes(): number {
    return this.ctx.storage.sql.databaseSize;
  }
}

type Handler = (this: ChargePointSession, ...args: unknown[]) => unknown;

/** Handlers and methods of the product's class, wherever in its line of classes they stand. */
function* handlers(): Generator<[name: string, handler: Handler]> {
  let prototype: object = Session.prototype;
  for (; prototype !== DurableObject.prototype; prototype = Object.getPrototypeOf(prototype) as object)
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
      if (name !== "constructor" && typeof value === "function") yield [name, value as Handler];
}

for (const [name, handler] of handlers()) {
  // A class further down overrides the one above it.
  if (Object.hasOwn(ChargePointSession.prototype, name)) continue;
  const metered: Handler = function (...args) {
    const work = () => handler.apply(this, args);
    const meter = metersOf.get(this);
    return meter ? meter.run(name, work) : work();
  };
  Object.defineProperty(ChargePointSession.prototype, name, { value: metered });
}

interface Unsafe {
  evict(stub: DurableObjectStub, options: { webSockets: "hibernate" }): Promise<void>;
}

/** Named by parts: no bundler may look for it. */
const UNSAFE_MODULE = ["workerd", "unsafe"].join(":");

const actions: Record<string, (url: URL, raw: RawEnv) => Promise<unknown>> = {
  /** What the object has used since the last look. */
  async spent(url, raw) {
    const meter = meterOf(namespace(raw).idFromName(nameIn(url)).toString());
    return { isAwake: meter.isAwake, alarmInMs: alarmInMs(meter), windows: meter.takeWindows() };
  },

  /** Puts the object to sleep as the runtime does after some idle seconds: it is dropped, and its sockets stay. */
  async sleep(url, raw) {
    const { default: unsafe } = (await import(UNSAFE_MODULE)) as { default: Unsafe };
    await unsafe.evict(stubIn(url, raw), { webSockets: "hibernate" });
  },

  async advance(url, raw) {
    moveAhead(Number(url.searchParams.get("ms")));
    await stubIn(url, raw).keepAlarm();
  },

  size: (url, raw) => stubIn(url, raw).databaseBytes(),
};

const nameIn = (url: URL) => url.searchParams.get("session") ?? "";
const namespace = (raw: RawEnv) =>
  raw.CHARGE_POINT_SESSION as unknown as DurableObjectNamespace<ChargePointSession>;
const stubIn = (url: URL, raw: RawEnv) => namespace(raw).getByName(nameIn(url));

function alarmInMs({ alarmAtMs }: Meter): number | null {
  return alarmAtMs === null ? null : alarmAtMs - Date.now();
}

export default {
  ...product,
  async fetch(request, raw, ctx) {
    const url = new URL(request.url);
    const [, action] = /^\/bench\/(\w+)$/.exec(url.pathname) ?? [];
    const act = action === undefined ? undefined : actions[action];
    if (!act) return product.fetch(request, raw, ctx);
    return Response.json((await act(url, raw)) ?? null);
  },
} satisfies ExportedHandler<RawEnv>;
