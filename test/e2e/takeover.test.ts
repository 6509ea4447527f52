import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const post = (identity: string, command: string, body: object) =>
  call(stack, "POST", `/api/v1/chargers/${identity}${command}?timeout=20`, body);
const reset = (identity: string) => post(identity, "/reset", { type: "Soft" });
const accepts = () => ({ status: "Accepted" });

test("a newer connection takes over within a second: the outstanding command is lost, waiting ones are sent on it in its version", async () => {
  const door = await newDoor(stack, "TAKEN");
  const old = await RawStation.booted(door);
  const onWire = reset("TAKEN");
  await old.nthCall(0);
  const waiting = [post("TAKEN", "/cache/clear", {}), reset("TAKEN")];
  const startedAtMs = performance.now();
  const newer = await RawStation.connect(door, "ocpp2.0.1");
  newer.react = accepts;
  const lost = await onWire;
  expect(await old.untilClosed()).toBe(4001);
  expect(performance.now() - startedAtMs).toBeLessThan(1000);
  expect(lost.status).toBe(503);
  expect(lost.body).toMatchObject({ error: { code: "CONNECTION_LOST", sent: true } });
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
  const received = newer.calls.map(({ action, payload }) => JSON.stringify([action, payload])).toSorted();
  expect(received).toEqual(['["ClearCache",{}]', '["Reset",{"type":"OnIdle"}]']);
  expect(old.calls).toHaveLength(1);
  newer.socket.close();
});

test("the late close of a replaced connection does not affect its successor", async () => {
  const door = await newDoor(stack, "LATE-CLOSE");
  const old = await RawStation.booted(door);
  // It neither reads the close frame nor answers it.
  old.socket.pause();
  const newer = await RawStation.connect(door);
  const pending = reset("LATE-CLOSE");
  const { id } = await newer.nthCall(0);
  old.socket.terminate();
  await old.untilClosed();
  expect((await newer.call("Heartbeat", {}))[0]).toBe(3);
  newer.send([3, id, { status: "Accepted" }]);
  expect((await pending).status).toBe(200);
  const { body } = await call(stack, "GET", "/api/v1/chargers/LATE-CLOSE");
  expect(body).toMatchObject({ isOnline: true });
  newer.socket.close();
});

test("attempts with a wrong key, another user or none are refused, and the live connection keeps its command", async () => {
  const door = await newDoor(stack, "GUARDED");
  const other = await newDoor(stack, "GUARDED-OTHER");
  const station = await RawStation.booted(door);
  const pending = reset("GUARDED");
  const { id } = await station.nthCall(0);
  const intruders = [
    { ...door, authorizationKey: "0".repeat(40) },
    { ...door, authorizationKey: "" },
    { ...other, connectionUrl: door.connectionUrl },
    { ...door, identity: "guarded" },
  ];
  for (const intruder of intruders) await expect(RawStation.connect(intruder)).rejects.toThrow("401");
  expect(station.closeCode).toBeNull();
  station.send([3, id, { status: "Accepted" }]);
  expect((await pending).status).toBe(200);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  station.socket.close();
});
