import { afterAll, beforeAll, expect, it } from "vitest";
import { PortClaims } from "../../dev/stack/port-claims.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { inParallel } from "../harness/ocpp-station/in-parallel.ts";
import { ReturningStation, type Returns } from "../harness/ocpp-station/returning-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";

const STATIONS = process.env["BUSBAR_FULL"] === "1" ? 1000 : 250;
const WIDTH = 16;
/** All stations try to connect within a second, repeatedly, from before the stack is up. */
const JITTER_MS = 1000;
const DEADLINE_MS = 120_000;

const directory = temporaryDirectory();
const returns: Returns = { refused: [], unanswered: 0 };
let stations: ReturningStation[] = [];
let start: () => Promise<RunningStack>;
let stack: RunningStack;

beforeAll(async () => {
  const claims = new PortClaims();
  const port = await claims.takeFree();
  claims.release();
  start = () => startStack({ dataDirectory: directory.path, args: ["--port", String(port)] });
  stack = await start();
  const identities = Array.from({ length: STATIONS }, (_, index) => `BACK-${index}`);
  const doors = await inParallel(identities, WIDTH, (identity) => newDoor(stack, identity));
  stations = doors.map((door) => new ReturningStation(door, () => Math.random() * JITTER_MS, returns));
  await inParallel(stations, WIDTH, async (station) => {
    await station.connect();
    await station.live.boot();
  });
}, DEADLINE_MS);
afterAll(async () => {
  for (const station of stations) station.stop();
  await stack.stop();
  directory.remove();
});

/** What `/readyz` answers until `done`, each different answer once. */
async function readiness(done: () => boolean): Promise<string[]> {
  const answers = new Set<string>();
  const deadline = Date.now() + DEADLINE_MS;
  while (!done() && Date.now() < deadline) {
    const answer = await fetch(`${stack.url}/readyz`);
    answers.add(answer.status === 200 ? "ready" : `${answer.status} ${await answer.text()}`);
  }
  return [...answers];
}

it(`a stack that said it is ready stays so while ${STATIONS} stations come back and report`, async () => {
  await stack.stop();
  stack = await start();
  let reported = 0;
  const reports = inParallel(stations, STATIONS, async (station) => {
    while (station.connections < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const status = { connectorId: 1, errorCode: "NoError", status: "Available" };
    const [type] = await station.live.call("StatusNotification", status);
    if (type === 3) reported++;
  });
  expect(await readiness(() => reported === STATIONS)).toEqual(["ready"]);
  await reports;
  expect(returns.refused).toEqual([]);
});
