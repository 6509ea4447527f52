import { expect, test } from "vitest";
import { FrameRelay } from "../../../../../src/durable/host/station/frame-relay.ts";
import type { FrameRow } from "../../../../../src/ports.ts";

/** A session that takes frames unless it is away; timers fire when the test says so. */
class World {
  readonly taken: FrameRow[] = [];
  isAway = false;
  timer: (() => void) | null = null;
  #nowMs = 0;
  readonly relay = new FrameRelay({
    setTimer: (_atMs, run) => (this.timer = run),
    nowMs: () => ++this.#nowMs,
    send: async (frames) => {
      if (this.isAway) throw new Error("away");
      this.taken.push(...frames);
    },
  });

  async fire(): Promise<void> {
    const run = this.timer;
    this.timer = null;
    run?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("frames arrive in order, an answer with the action of its CALL", async () => {
  const world = new World();
  world.relay.note("cp_to_csms", '[2,"a","BootNotification",{}]');
  world.relay.note("csms_to_cp", '[3,"a",{}]');
  world.relay.note("csms_to_cp", "no frame at all");
  await world.fire();
  expect(world.taken.map(({ direction, action }) => [direction, action])).toEqual([
    ["cp_to_csms", "BootNotification"],
    ["csms_to_cp", "BootNotification"],
    ["csms_to_cp", null],
  ]);
});

test("a session that cannot be reached gets its frames later, once each, the newest 500 at most", async () => {
  const world = new World();
  world.isAway = true;
  for (let id = 0; id < 600; id++) world.relay.note("cp_to_csms", `[2,"${id}","Heartbeat",{}]`);
  await world.fire();
  world.isAway = false;
  while (world.timer) await world.fire();
  const ids = world.taken.map(({ message }) => Number((JSON.parse(message) as unknown[])[1]));
  expect(ids).toEqual(Array.from({ length: 500 }, (_, index) => index + 100));
});
