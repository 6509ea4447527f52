import { expect, test } from "vitest";
import { isOwnSocket } from "../../../../src/durable/host/own-socket.ts";

test.each([
  [null, true],
  ["wss://busbar.example.com/ocpp/demo", true],
  ["wss://busbar.example.com/ocpp/demo/", true],
  ["wss://BUSBAR.example.com:443/ocpp/demo", true],
  ["ws://busbar.example.com/ocpp/demo", false],
  ["wss://busbar.example.com/ocpp/other", false],
  ["wss://busbar.example.com/ocpp", false],
  ["wss://busbar.example.com.evil.test/ocpp/demo", false],
  ["wss://busbar.example.com/ocpp/demo?x=1", false],
])("%s is our own socket: %s", (wsUrl, isOwn) => {
  expect(isOwnSocket(wsUrl, "https://busbar.example.com", "demo")).toBe(isOwn);
});
