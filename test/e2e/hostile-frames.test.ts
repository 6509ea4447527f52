import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OCPP_VERSIONS, type OcppVersion } from "../../src/ocpp/version.ts";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { fuzzedFrames } from "../harness/ocpp-station/fuzzed-frames.ts";
import { RawStation, type Door } from "../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

const FRAMES_PER_RUN = 10;
/** `BUSBAR_FUZZ=1` for the long form, or a number of frames; of all versions together. */
const asked = Number(process.env["BUSBAR_FUZZ"] ?? 0);
const FRAMES = asked > 1 ? asked : asked === 1 ? 5000 : 500;
const RUNS = Math.ceil(FRAMES / FRAMES_PER_RUN / OCPP_VERSIONS.length);
const MEBIBYTE = 1024 * 1024;
/** Close codes with which a session may end a connection because of its frames: protocol, type, size, rate. */
const CLOSE_CODES = [1002, 1003, 1007, 1009, 4029];
const OUTCOMES = new Set([200, 502, 503, 504]);

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

let count = 0;
const nextDoor = () => newDoor(stack, `HOSTILE-${count++}`);
const reset = (identity: string, timeoutSeconds: number) =>
  call(stack, "POST", `/api/v1/chargers/${identity}/reset?timeout=${timeoutSeconds}`, { type: "Soft" });

/** Checks the charger on a new connection: messages and commands work. */
async function expectServed(door: Door, version: OcppVersion = "ocpp1.6"): Promise<void> {
  const station = await RawStation.booted(door, version);
  await expectServing(station, door);
  station.socket.terminate();
}

/** The session answers a CALL, and a command comes through. */
async function expectServing(station: RawStation, { identity }: Door): Promise<void> {
  station.react = () => ({ status: "Accepted" });
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  expect((await reset(identity, 10)).status).toBe(200);
}

async function endureFrames(version: OcppVersion, frames: (string | Uint8Array)[]): Promise<void> {
  const door = await nextDoor();
  const station = await RawStation.booted(door, version);
  const pending = reset(door.identity, 30);
  const { id } = await station.nthCall(0);
  for (const frame of frames) {
    if (station.closeCode !== null) break;
    station.socket.send(typeof frame === "string" ? frame.replaceAll("$id", id) : frame);
  }
  // This answers the command, unless it has ended before.
  station.socket.send(JSON.stringify([3, id, { status: "Accepted" }]), () => {});
  const { status } = await pending;
  expect(OUTCOMES).toContain(status);
  // Answered after all of them, or never for the line is closed.
  const isOpen = await station.call("Heartbeat", {}).then(
    () => true,
    () => false,
  );
  if (isOpen) await expectServing(station, door);
  else expect(CLOSE_CODES).toContain(await station.untilClosed());
  station.socket.terminate();
  await expectServed(door, version);
  // Told with the frames that did it.
  expect(crashes()).toEqual([]);
}

/** Log lines of handlers that threw. */
function crashes(): string[] {
  const lines = stack.log().split("\n");
  return lines.filter((line) => /uncaught|internal error|handlerFailed/i.test(line));
}

test.each(OCPP_VERSIONS)(
  `${RUNS * FRAMES_PER_RUN} frames of %s made up at random end no session, leave no command without an answer and crash no handler`,
  async (version) => {
    const frames = fc.array(fuzzedFrames(version), { minLength: FRAMES_PER_RUN, maxLength: FRAMES_PER_RUN });
    await fc.assert(
      fc.asyncProperty(frames, (made) => endureFrames(version, made)),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(crashes()).toEqual([]);
  },
  600_000,
);

const closing: [what: string, frame: string | Buffer, code: number][] = [
  ["binary frame", Buffer.from('[2,"a","Heartbeat",{}]'), 1003],
  [
    "frame over 1 MiB",
    JSON.stringify([2, "big", "DataTransfer", { vendorId: "V", data: "x".repeat(MEBIBYTE) }]),
    1009,
  ],
];

test.each(closing)(
  "a %s closes its connection with the right code and ends the command at once; the charger is served again",
  async (_what, frame, code) => {
    const door = await nextDoor();
    const station = await RawStation.booted(door);
    const pending = reset(door.identity, 30);
    await station.nthCall(0);
    station.socket.send(frame);
    const lost = await pending;
    expect(lost.status).toBe(503);
    expect(lost.body).toMatchObject({ error: { code: "CONNECTION_LOST", sent: true } });
    expect(await station.untilClosed()).toBe(code);
    await expectServed(door);
  },
);

test("a frame of 33 MiB, which the runtime itself refuses, ends the command at once; the charger is served again", async () => {
  const door = await nextDoor();
  const station = await RawStation.booted(door);
  const pending = reset(door.identity, 30);
  await station.nthCall(0);
  station.socket.send(`"${"x".repeat(33 * MEBIBYTE)}"`);
  const lost = await pending;
  expect(lost.status).toBe(503);
  expect(lost.body).toMatchObject({ error: { code: "CONNECTION_LOST", sent: true } });
  station.socket.terminate();
  await expectServed(door);
});

test("frames that cannot be read are answered until there are more than ten in a row, then the connection is closed", async () => {
  const door = await nextDoor();
  const station = await RawStation.booted(door);
  const pending = reset(door.identity, 30);
  const { id } = await station.nthCall(0);
  for (let frame = 0; frame < 10; frame++) station.socket.send("{");
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  station.send([3, id, { status: "Accepted" }]);
  expect((await pending).status).toBe(200);
  for (let frame = 0; frame < 11; frame++) station.socket.send('[2,"a');
  expect(await station.untilClosed()).toBe(1002);
  await expectServed(door);
});
