import { afterAll, expect, it } from "vitest";
import { z } from "zod";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const CHARGERS = 150;

const created = z.object({ id: z.string().optional(), status_url: z.string().optional() });
const job = z.object({ status: z.string(), progress: z.unknown() });

async function post(stack: RunningStack, path: string, body: unknown) {
  const answer = await fetch(`${stack.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.ok).toBe(true);
  return created.parse(await answer.json());
}

it("a batch that was cut short by the death of the whole stack ends READY after a start on another port", async () => {
  const first = await startStack({ dataDirectory: directory.path });
  const { id } = await post(first, "/ocpp/locations", { name: "Moving" });
  const template = {
    brand_slug: "generic",
    model_slug: "generic-ac-22kw",
    ocpp_version: "OCPP1.6",
    runtime: "external",
  };
  const batch = [{ template, chargers_number: CHARGERS }];
  const { status_url } = await post(first, `/ocpp/locations/${id}/chargers`, batch);
  await first.killPart("worker");
  await first.killSupervisor();

  const second = await startStack({ dataDirectory: directory.path });
  expect(second.url).not.toBe(first.url);
  const headers = { authorization: `Bearer ${second.apiKey}` };
  const readJob = async () =>
    job.parse(await (await fetch(`${second.url}${status_url}`, { headers })).json());
  const done = await waitFor(
    "the batch to end",
    async () => {
      const now = await readJob();
      return now.status === "READY" ? now : undefined;
    },
    120_000,
  );
  expect(done.progress).toEqual({ total: CHARGERS, created: CHARGERS, failed: 0, pending: 0 });
  await second.stop();
});
