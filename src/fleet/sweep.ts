import type { ItemError, Ports, StuckJob } from "../ports.ts";

const DISPATCH_FAILED: ItemError = {
  code: "DISPATCH_FAILED",
  message: "The batch could not be started",
  retryable: true,
};
const STUCK: ItemError = {
  code: "PROVISIONING_STUCK",
  message: "Provisioning made no progress and was given up",
  retryable: true,
};

/**
 * The safety net, once a minute, one winner per pass: what lost its run is published again, what never progresses is
 * given up, what is complete is closed. Alone it brings every accepted job to an end, whatever the engine forgets.
 */
export async function sweep(
  ports: Pick<Ports, "jobs" | "effects" | "settings" | "runs" | "clock">,
): Promise<{ jobs: string[]; effects: string[] }> {
  const now = ports.clock.now();
  const stuck = await ports.jobs.sweep(now);
  if (stuck === null) return { jobs: [], effects: [] };
  for (const job of stuck) await revive(ports, job);
  const leftOver = await ports.effects.leftOver(now);
  for (const batch of leftOver) await ports.runs.applyEffects(batch);
  for (const waiting of await ports.settings.due(now))
    await ports.runs.applySettings({ ...waiting, generation: null });
  return { jobs: stuck.map((job) => job.id), effects: leftOver.map((batch) => batch.id) };
}

async function revive(ports: Pick<Ports, "jobs" | "runs" | "clock">, job: StuckJob): Promise<void> {
  if (job.action === "giveUp") {
    await ports.jobs.giveUp(job.id, { neverStarted: DISPATCH_FAILED, unfinished: STUCK }, ports.clock.now());
    return;
  }
  if (job.type !== "charger_create") {
    await ports.runs.dispatch({ id: job.id, total: job.total, attempt: job.attempt });
    return;
  }
  const [open] = await ports.jobs.openSlice(job.id, 0, 1);
  if (open === undefined) return;
  await ports.runs.provision({ id: job.id, organizationId: job.organizationId, attempt: job.attempt }, [
    { chargerId: open.work.chargerId, seq: open.seq },
  ]);
}
