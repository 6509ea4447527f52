import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";
import { latencyOf, timesOf } from "./commands/quantile.ts";
import { spread } from "./statistics.ts";

const isFull = process.env["BUSBAR_BENCH"] === "full";
/** A machine that is shared gives other ratios than a quiet one. */
const sizes = isFull
  ? { rounds: 5, operations: 1000, tags: 100_000, ratioMax: 1.3 }
  : { rounds: 3, operations: 200, tags: 10_000, ratioMax: 3 };
const IMPORT_MAX = 10_000;
const IMPORTED_WITHIN_MS = 120_000;

let stack: RunningStack;
let station: RawStation;
beforeAll(async () => {
  stack = await startStack();
  station = await RawStation.booted(await newDoor(stack, "AUTHORIZE"));
  await call(stack, "PATCH", "/api/v1/organization", { acceptUnknownIdTags: false });
  await call(stack, "POST", "/api/v1/id-tags", { idTag: "KNOWN", groupId: "G" });
});
afterAll(() => stack.stop());

async function authorize(idTag: string): Promise<void> {
  const [, , answer] = await station.call("Authorize", { idTag });
  const { status } = z.object({ idTagInfo: z.object({ status: z.string() }) }).parse(answer).idTagInfo;
  if (status !== "Accepted") throw new Error(`${idTag}: ${status}`);
}

/** p50 of an Authorize over that of a Heartbeat, in pairs. */
async function ratios(): Promise<number[]> {
  const beat = () => station.call("Heartbeat", {});
  const known = () => authorize("KNOWN");
  for (const work of [beat, known]) await timesOf(sizes.operations, work);
  const measured: number[] = [];
  for (let round = 0; round < sizes.rounds; round++) {
    const p50 = async (work: () => Promise<unknown>) => latencyOf(await timesOf(sizes.operations, work)).p50;
    const [first, second] = round % 2 === 0 ? [beat, known] : [known, beat];
    const [a, b] = [await p50(first), await p50(second)];
    measured.push(first === beat ? b / a : a / b);
  }
  return measured;
}

async function importTags(from: number): Promise<void> {
  const idTags = Array.from({ length: IMPORT_MAX }, (_, n) => ({ idTag: `CARD-${from + n}` }));
  const { status, body } = await call(stack, "POST", "/api/v1/id-tags/import", { idTags });
  if (status !== 202) throw new Error(`import: ${status} ${JSON.stringify(body)}`);
  const { statusUrl } = z.object({ statusUrl: z.string() }).parse(body);
  await waitFor(
    "an import",
    async () =>
      z.object({ status: z.string() }).parse((await call(stack, "GET", statusUrl)).body).status === "done",
    IMPORTED_WITHIN_MS,
  );
}

test("an Authorize takes little longer than a Heartbeat, and a list of many tags changes nothing in that", async () => {
  const before = spread(await ratios());
  for (let from = 0; from < sizes.tags; from += IMPORT_MAX) await importTags(from);
  await authorize(`CARD-${sizes.tags - 1}`);
  const after = spread(await ratios());
  const cold: number[] = [];
  for (let n = 0; n < sizes.operations; n++) cold.push(...(await timesOf(1, () => authorize(`CARD-${n}`))));
  const beat = latencyOf(await timesOf(sizes.operations, () => station.call("Heartbeat", {})));
  console.log(
    `Authorize / Heartbeat, p50: ${before.median.toFixed(2)}, with ${sizes.tags} tags ${after.median.toFixed(2)};`,
    `of a card never seen before: ${(latencyOf(cold).p50 / beat.p50).toFixed(2)}`,
  );
  expect(before.median).toBeLessThanOrEqual(sizes.ratioMax);
  expect(after.median).toBeLessThanOrEqual(sizes.ratioMax);
  station.socket.terminate();
});
