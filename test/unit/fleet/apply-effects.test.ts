import { expect, test } from "vitest";
import { applyEffects } from "../../../src/fleet/apply-effects.ts";
import type { PendingEffect, Ports, ProvisioningWork } from "../../../src/ports.ts";

const effect = (seq: number): PendingEffect => ({
  seq,
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
  } as ProvisioningWork,
});

/** A store of 100 effects, and hosts that need `hostMs` each. */
function world(hostMs: number) {
  let nowMs = 0;
  let open = Array.from({ length: 100 }, (_, seq) => effect(seq));
  const asked: string[] = [];
  const ports = {
    clock: { now: () => new Date(nowMs) },
    runs: { cancel: async () => undefined },
    effects: {
      pending: async () => open,
      done: async (_batch: string, seqs: number[]) => {
        open = open.filter(({ seq }) => !seqs.includes(seq));
      },
    },
    simulators: {
      reconcile: async (_host: string, { identity }: { identity: string }) => {
        asked.push(identity);
        nowMs += hostMs;
      },
    },
  } as unknown as Ports;
  return { ports, asked, left: () => open.length };
}

test("effects that take too long for one step are carried out over several, each once", async () => {
  const { ports, asked, left } = world(1000);
  const leftAfter: number[] = [];
  for (let attempt = 0; attempt < 10 && left() > 0; attempt++) {
    await applyEffects(ports, "b", 0).catch(() => null);
    leftAfter.push(left());
  }
  expect(leftAfter).toEqual([75, 50, 25, 0]);
  expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
});

test("a step that leaves effects behind asks to be repeated", async () => {
  await expect(applyEffects(world(1000).ports, "b", 0)).rejects.toThrow("Some chargers have to wait");
  await expect(applyEffects(world(1).ports, "b", 0)).resolves.toBe(100);
});
