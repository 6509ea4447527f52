import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  CommandChannel,
  type CommandLine,
} from "../../../../../src/durable/session/outbound/command-channel.ts";
import { TimerWheel } from "../../../../../src/durable/timer-wheel.ts";
import { parseFrame, type ResultFrame } from "../../../../../src/ocpp/frame.ts";
import type { JsonObject } from "../../../../../src/ocpp/json.ts";
import type { OcppVersion } from "../../../../../src/ocpp/version.ts";
import { contextOf } from "../../../ocpp/command-run.ts";
import { validatorsOf } from "../../../ocpp/validators-of.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A channel over a line that notes what goes out and can be cut. */
function channelOver(version: OcppVersion) {
  const wire = { isUp: true, calls: [] as { id: string; action: string }[] };
  const line: CommandLine = {
    version,
    validators: validatorsOf(version),
    registration: "Accepted",
    context: contextOf(),
    send(text) {
      const frame = parseFrame(text, version);
      if (wire.isUp && frame.kind === "call") wire.calls.push({ id: frame.id, action: frame.action });
      return wire.isUp;
    },
    answered() {},
    refused() {},
  };
  const channel = new CommandChannel({ line: () => line, onTriggered: () => {} }, new TimerWheel());
  const answer = (index: number, payload: JsonObject) => {
    const frame: ResultFrame = { kind: "result", id: wire.calls[index]?.id ?? "", payload };
    return channel.receive(frame);
  };
  return { channel, wire, answer };
}

const everyConnector = { kind: "trigger", requestedMessage: "StatusNotification" } as const;

test("an answer that is read just after its deadline is returned as an answer", async () => {
  const { channel, answer } = channelOver("ocpp1.6");
  const outcome = channel.run({ kind: "clearCache" }, 1000);
  vi.setSystemTime(Date.now() + 1000);
  answer(0, { status: "Accepted" });
  expect(await outcome).toMatchObject({ kind: "answered", answer: { status: "accepted" } });
});

test("a command that ends between its CALLs says that it reached the station", async () => {
  const { channel, wire, answer } = channelOver("ocpp2.0.1");
  const outcome = channel.run(everyConnector, 1000);
  vi.setSystemTime(Date.now() + 1000);
  answer(0, { status: "Accepted" });
  vi.advanceTimersByTime(1000);
  expect(await outcome).toEqual({ kind: "timeout", sent: true });
  expect(wire.calls).toHaveLength(1);
});

test("a command of several CALLs whose second one is not answered says that it reached the station", async () => {
  const { channel, wire, answer } = channelOver("ocpp2.0.1");
  const outcome = channel.run(everyConnector, 1000);
  answer(0, { status: "Accepted" });
  expect(wire.calls).toHaveLength(2);
  channel.drop();
  expect(await outcome).toEqual({ kind: "lost", sent: true, reason: "disconnected" });
});

test("a command whose send failed is reported as not sent, and the next one is tried", async () => {
  const { channel, wire, answer } = channelOver("ocpp1.6");
  wire.isUp = false;
  const outcome = channel.run({ kind: "clearCache" }, 1000);
  expect(await outcome).toEqual({ kind: "lost", sent: false, reason: "disconnected" });
  wire.isUp = true;
  const next = channel.run({ kind: "clearCache" }, 1000);
  answer(0, { status: "Rejected" });
  expect(await next).toMatchObject({ kind: "answered", answer: { status: "rejected" } });
});

test.each([
  ["ocpp1.6", 1000],
  ["ocpp2.0.1", 2000],
  ["ocpp2.1", 3000],
] as const)(
  "on %s a command may take as long as its caller gives that version",
  async (version, timeoutMs) => {
    const { channel } = channelOver(version);
    let settled: unknown = null;
    const limits = { "ocpp1.6": 1000, "ocpp2.0.1": 2000, "ocpp2.1": 3000 };
    const outcome = channel.run({ kind: "clearCache" }, limits).then((ended) => (settled = ended));
    await vi.advanceTimersByTimeAsync(timeoutMs - 1);
    expect(settled).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toEqual({ kind: "timeout", sent: true, timeoutMs });
  },
);
