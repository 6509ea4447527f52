import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RateCounter } from "../../../../src/ports.ts";
import { DatabaseDouble } from "./database-double.ts";
import { FrontDoor } from "./front-door.ts";
import { basic, newCharger, provisioned, upgradeRequest, type Charger } from "./station-double.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** As configured. */
const LIMIT = 20;
const WRONG_KEY = "f".repeat(40);

/** The clock stands still, or a window might end in the middle of a test. */
const nowMs = Date.now();
beforeEach(() => {
  new DatabaseDouble();
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
});
afterEach(() => vi.useRealTimers());

const newAddress = () => `ip-${crypto.randomUUID()}`;
const from = (ip: string, charger: Charger, key?: string) =>
  upgradeRequest(charger, {
    headers: { "cf-connecting-ip": ip },
    ...(key === undefined ? {} : { authorization: basic(charger.ref.identity, key) }),
  });

async function useUp(door: FrontDoor, ip: string): Promise<void> {
  for (let attempt = 0; attempt <= LIMIT; attempt++)
    expect((await door.ask(from(ip, newCharger()))).status).toBe(404);
}

async function expectLimited(answer: Response): Promise<void> {
  expect([answer.status, await answer.text()]).toEqual([429, "Too many failed attempts"]);
  const seconds = Number(answer.headers.get("retry-after"));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
}

test("a station that logged in from an address gets in there though others used its failures up, after a deploy too", async () => {
  const ip = newAddress();
  const charger = await provisioned();
  expect((await new FrontDoor().ask(from(ip, charger))).status).toBe(101);
  await evictDurableObject(charger.stub);
  const door = new FrontDoor();
  await useUp(door, ip);
  await expectLimited(await door.ask(from(ip, newCharger())));
  expect((await door.ask(from(ip, charger))).status).toBe(101);
});

test("over the limit of an address a wrong password, another charger and an unknown one all get the same 429", async () => {
  const ip = newAddress();
  const door = new FrontDoor();
  const charger = await provisioned();
  const other = await provisioned();
  expect((await door.ask(from(ip, charger))).status).toBe(101);
  await useUp(door, ip);
  await expectLimited(await door.ask(from(ip, charger, WRONG_KEY)));
  await expectLimited(await door.ask(from(ip, other)));
  await expectLimited(await door.ask(from(ip, newCharger())));
  expect((await door.ask(from(newAddress(), other))).status).toBe(101);
});

test("an address is forgotten a day after the station was last connected from there, or when it comes from another", async () => {
  const ip = newAddress();
  const door = new FrontDoor();
  const [gone, moved] = [await provisioned(), await provisioned()];
  for (const charger of [gone, moved]) {
    const { webSocket } = await door.ask(from(ip, charger));
    webSocket?.close(1000, "bye");
  }
  for (const charger of [gone, moved])
    await vi.waitFor(async () =>
      expect(await charger.session.snapshot(charger.ref)).toMatchObject({ online: false }),
    );
  expect((await door.ask(from(newAddress(), moved))).status).toBe(101);
  await useUp(door, ip);
  await expectLimited(await door.ask(from(ip, moved)));
  vi.setSystemTime(nowMs + DAY_MS);
  await useUp(door, ip);
  await expectLimited(await door.ask(from(ip, gone)));
});

test("failures against one identity limit it on addresses that failed too, and never on one without failures", async () => {
  const door = new FrontDoor();
  const charger = await provisioned();
  for (let attempt = 0; attempt <= LIMIT; attempt++)
    expect((await door.ask(from(newAddress(), charger, WRONG_KEY))).status).toBe(401);
  const ip = newAddress();
  expect((await door.ask(from(ip, newCharger()))).status).toBe(404);
  await expectLimited(await door.ask(from(ip, charger)));
  expect((await door.ask(from(newAddress(), charger))).status).toBe(101);
});

test("an identity over its limit is slow for everybody but the address that it logged in from last", async () => {
  const door = new FrontDoor();
  const charger = await provisioned();
  const home = newAddress();
  expect((await door.ask(from(home, charger))).status).toBe(101);
  for (let attempt = 0; attempt <= LIMIT; attempt++)
    expect((await door.ask(from(newAddress(), charger, WRONG_KEY))).status).toBe(401);
  expect(door.pauses).toBe(0);
  expect((await door.ask(from(home, charger))).status).toBe(101);
  expect(door.pauses).toBe(0);
  const guesser = newAddress();
  expect((await door.ask(from(guesser, charger, WRONG_KEY))).status).toBe(401);
  expect(door.pauses).toBe(1);
  await expectLimited(await door.ask(from(guesser, charger, WRONG_KEY)));
  expect((await door.ask(from(newAddress(), charger))).status).toBe(101);
  expect(door.pauses).toBe(2);
});

test("the addresses of one IPv6 network of 64 bits share a limit, and those of another have their own", async () => {
  const door = new FrontDoor();
  const charger = await provisioned();
  const address = (network: string, host: number) => `2001:db8:${network}::${host.toString(16)}`;
  expect((await door.ask(from(address("1:1", 0xbeef), charger))).status).toBe(101);
  for (let attempt = 0; attempt <= LIMIT; attempt++)
    expect((await door.ask(from(address("1:1", attempt), newCharger()))).status).toBe(404);
  await expectLimited(await door.ask(from(address("1:1", 0xabcd), newCharger())));
  expect((await door.ask(from(address("1:2", 1), newCharger()))).status).toBe(404);
  // A station may take another address of its network for every connection.
  expect((await door.ask(from(address("1:1", 0xcafe), charger))).status).toBe(101);
});

test("an isolate learns with its first failure from an address what the others counted there", async () => {
  const ip = newAddress();
  const counter: RateCounter = {
    add: async (_key, _count, limit, windowSeconds) => ({
      used: limit,
      resetAtMs: nowMs + windowSeconds * 1000,
    }),
  };
  const door = new FrontDoor({ counter });
  expect((await door.ask(from(ip, newCharger()))).status).toBe(404);
  await door.settled();
  await expectLimited(await door.ask(from(ip, newCharger())));
});

test("the header that reports the limit to a session is removed from external requests", async () => {
  const charger = await provisioned();
  const ip = newAddress();
  const door = new FrontDoor();
  const request = from(ip, charger);
  request.headers.set("x-busbar-failures", "60");
  expect((await door.ask(request)).status).toBe(101);
});
