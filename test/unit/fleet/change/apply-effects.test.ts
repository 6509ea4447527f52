import { expect, test } from "vitest";
import { applyEffects } from "../../../../src/fleet/change/apply-effects.ts";
import type { PendingEffect, Ports, ProvisioningWork, UnknownTagPolicy } from "../../../../src/ports.ts";

const effect = (seq: number): PendingEffect => ({
  seq,
  revision: 1,
  kind: "sync",
  deleted: false,
  status: "READY",
  runId: null,
  work: {
    chargerId: `c${seq}`,
    identity: `CP-${seq}`,
    organizationSlug: "acme",
    runtime: "simulated",
    simulatorHost: "j/0",
    ocppVersion: "OCPP1.6",
    createdAt: new Date(0),
    desiredCount: 1,
    tagPolicy: { acceptsUnknown: false, readAtMs: 7 },
  } as ProvisioningWork,
});

/** A store of 100 effects, and hosts that need `hostMs` each. */
function world(hostMs: number) {
  let nowMs = 0;
  let open = Array.from({ length: 100 }, (_, seq) => effect(seq));
  const asked: string[] = [];
  const told: string[] = [];
  const prepared: unknown[] = [];
  const ports = {
    clock: { now: () => new Date(nowMs) },
    runs: { cancel: async () => undefined },
    effects: {
      pending: async () => open,
      done: async (_batch: string, applied: PendingEffect[]) => {
        const before = open.length;
        // A changed charger has a row of its own here.
        open = open.filter((effect) => !applied.includes(effect));
        return before - open.length;
      },
    },
    ids: { hex: () => "00" },
    recovery: {
      list: async (ids: string[]) =>
        open.flatMap(({ work }) =>
          ids.includes(work.chargerId) ? [{ work, credential: null, generation: 0 }] : [],
        ),
      keysLost: async () => undefined,
    },
    sessions: {
      restore: async () => undefined,
      setTagPolicy: async ({ identity }: { identity: string }, { acceptsUnknown }: UnknownTagPolicy) =>
        void told.push(`${identity} ${acceptsUnknown}`),
      setPreparedTagPolicy: async (slug: string, policy: UnknownTagPolicy) =>
        void prepared.push([slug, policy]),
    },
    simulators: {
      reconcile: async (_host: string, { identity }: { identity: string }) => {
        asked.push(identity);
        nowMs += hostMs;
      },
    },
  } as unknown as Ports;
  const change = (from: Partial<PendingEffect["work"]>) => {
    open = open.map((one) => ({ ...one, work: { ...one.work, ...from } }));
  };
  return { ports, asked, told, prepared, change, left: () => open.length };
}

test("effects that take longer than one step are carried out by several steps, each effect once", async () => {
  const { ports, asked, left } = world(1000);
  const leftAfter: number[] = [];
  for (let attempt = 0; attempt < 10 && left() > 0; attempt++) {
    await applyEffects(ports, "b", 0).catch(() => null);
    leftAfter.push(left());
  }
  // At the end of its time a step still finishes what it has begun: fewer than five.
  const done = leftAfter.map((left, attempt) => (leftAfter[attempt - 1] ?? 100) - left);
  expect(leftAfter.at(-1)).toBe(0);
  for (const count of done.slice(0, -1)) expect([25, 26, 27, 28, 29]).toContain(count);
  expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
});

test("a step is repeated when a charger changed while its effect was carried out", async () => {
  const { ports, change } = world(1);
  const { reconcile } = ports.simulators;
  ports.simulators.reconcile = async (...told) => {
    await reconcile(...told);
    change({ desiredCount: 0 });
  };
  await expect(applyEffects(ports, "b", 0)).rejects.toThrow("have changed meanwhile");
});

test("a step that leaves effects is repeated", async () => {
  await expect(applyEffects(world(1000).ports, "b", 0)).rejects.toThrow(
    "Some chargers have to wait, or have changed meanwhile",
  );
  await expect(applyEffects(world(1).ports, "b", 0)).resolves.toBe(100);
});

test("every session gets a changed tag policy, and sessions that do not exist yet get it through one call", async () => {
  for (const runtime of ["simulated", "external"] as const) {
    const { ports, asked, told, prepared, change } = world(1);
    change({ runtime });
    await applyEffects(ports, "b", 0);
    expect(told.toSorted()).toEqual(Array.from({ length: 100 }, (_, seq) => `CP-${seq} false`).toSorted());
    expect(prepared).toEqual(
      runtime === "external" ? [["acme", { acceptsUnknown: false, readAtMs: 7 }]] : [],
    );
    expect(asked).toHaveLength(runtime === "external" ? 0 : 100);
  }
});
