import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { storedFrames } from "../harness/auditor.ts";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation, type Door } from "../harness/ocpp-station/raw-station.ts";
import { register } from "../harness/ocpp-station/register.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const reset = (identity: string) =>
  call(stack, "POST", `/api/v1/chargers/${identity}/reset?timeout=30`, { type: "Soft" });

const back = (door: Door) => waitFor("a new connection", () => RawStation.connect(door).catch(() => null));

/** Result of a command for its caller: a status, or null if the connection ended without an answer. */
const statusOf = (command: ReturnType<typeof reset>) =>
  command.then(
    ({ status }) => status,
    () => null,
  );

const log = z.object({
  data: z.array(z.object({ direction: z.string(), action: z.string() })),
  total: z.number(),
});

test("frames that were written before the Worker died are in the log of the one after it", async () => {
  const before = storedFrames(stack.dataDirectory);
  const { id, connectionUrl, authorizationKey } = await register(stack, "LOGGED");
  const station = await RawStation.booted({ identity: "LOGGED", connectionUrl, authorizationKey });
  for (let message = 0; message < 3; message++) await station.call("DataTransfer", { vendorId: "V" });
  // Reading the log would write pending frames, and the test would prove nothing.
  await waitFor("the frames on disk", () => storedFrames(stack.dataDirectory) === before + 8);
  await stack.replacePart("worker");
  const { body } = await call(stack, "GET", `/ocpp/chargers/${id}/logs`);
  const { data, total } = log.parse(body);
  expect(total).toBe(8);
  const exchanges = ["DataTransfer", "DataTransfer", "DataTransfer", "BootNotification"];
  expect(data.map(({ direction, action }) => `${direction} ${action}`)).toEqual(
    exchanges.flatMap((action) => [`csms_to_cp ${action}`, `cp_to_csms ${action}`]),
  );
});

test("outstanding and waiting commands are not reported as done when the Worker dies, and the next one is answered", async () => {
  const door = await newDoor(stack, "IN-FLIGHT");
  const station = await RawStation.booted(door);
  const onWire = statusOf(reset("IN-FLIGHT"));
  const { id } = await station.nthCall(0);
  const waiting = statusOf(reset("IN-FLIGHT"));
  await stack.replacePart("worker");
  for (const status of await Promise.all([onWire, waiting]))
    expect(status === null || status >= 500).toBe(true);
  await station.untilClosed();

  const again = await back(door);
  again.send([3, id, { status: "Rejected" }]);
  expect((await again.call("Heartbeat", {}))[0]).toBe(3);
  expect(again.calls).toEqual([]);
  again.react = () => ({ status: "Accepted" });
  const next = await reset("IN-FLIGHT");
  expect([next.status, next.body]).toMatchObject([200, { status: "accepted" }]);
  expect(again.calls).toHaveLength(1);
  again.socket.close();
});
