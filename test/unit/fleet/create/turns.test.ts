import { describe, expect, test } from "vitest";
import { Turns } from "../../../../src/fleet/create/turns.ts";

describe("turns", () => {
  test("run one after the other, in order, and a failure does not affect the next", async () => {
    const turns = new Turns(60_000);
    const events: string[] = [];
    const work = (name: string, gate: Promise<void>) => async () => {
      events.push(`${name} begins`);
      await gate;
      events.push(`${name} ends`);
      if (name === "b") throw new Error(name);
      return name;
    };
    const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const all = ["a", "b", "c"].map((name, at) =>
      turns.take("k", work(name, gates[at]?.promise ?? Promise.resolve())),
    );
    const settled = Promise.allSettled(all);
    gates[2]?.resolve();
    gates[1]?.resolve();
    await expect.poll(() => events).toEqual(["a begins"]);
    gates[0]?.resolve();
    expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(events).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  test("of different keys run in parallel", async () => {
    const turns = new Turns(60_000);
    const never = turns.take("noisy", () => new Promise(() => {}));
    expect(await turns.take("other", async () => "done")).toBe("done");
    expect(await Promise.race([never, turns.take("other", async () => "again")])).toBe("again");
  });

  test("wait a limited time for work whose request was cancelled and never ends", async () => {
    const turns = new Turns(20);
    void turns.take("k", () => new Promise(() => {}));
    expect(await turns.take("k", async () => "done")).toBe("done");
  });
});
