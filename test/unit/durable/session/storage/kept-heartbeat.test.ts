import { serialize } from "node:v8";
import { expect, test } from "vitest";
import {
  fitsMemory,
  framesOfHeartbeat,
  isRebuildable,
  type KeptHeartbeat,
} from "../../../../../src/durable/session/storage/kept-heartbeat.ts";

const AT_MS = Date.UTC(2026, 4, 1, 10);
const beat = (id: string): KeptHeartbeat => [AT_MS, JSON.stringify([2, id, "Heartbeat", {}])];
const answer = (id: string) => JSON.stringify([3, id, { currentTime: "2026-05-01T10:00:00.000Z" }]);

test("an attachment stays under 2,048 bytes with as many heartbeats as may wait, and ids of 64 characters", () => {
  const attachment = {
    generation: 2 ** 31,
    version: "ocpp2.0.1",
    connectedAtMs: AT_MS,
    ip: "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    direct: false,
    lastMessageAtMs: AT_MS,
    alarmAtMs: AT_MS,
    deliveredUpTo: 2 ** 41,
    seenAtMs: AT_MS,
    heartbeats: [] as KeptHeartbeat[],
  };
  while (fitsMemory(attachment.heartbeats)) attachment.heartbeats.push(beat(`ÿ${"x".repeat(63)}`));
  expect(attachment.heartbeats.length).toBe(12);
  expect(serialize(attachment).length).toBeLessThan(2048);
});

test("both frames of a heartbeat are rebuilt as they were, however it was spelt", () => {
  const text = '[2,  "one\\u0041",\t"Heartbeat",{ }]';
  const heartbeat: KeptHeartbeat = [AT_MS, text];
  expect(isRebuildable("oneA", heartbeat, answer("oneA"))).toBe(true);
  expect(framesOfHeartbeat(heartbeat).map(({ message }) => message)).toEqual([text, answer("oneA")]);
});

test("a heartbeat that is long, of characters that take two bytes, or answered otherwise is not kept", () => {
  expect(isRebuildable("a", beat("a"), answer("a"))).toBe(true);
  expect(isRebuildable("a", [AT_MS, `${beat("a")[1]}${" ".repeat(128)}`], answer("a"))).toBe(false);
  expect(isRebuildable("€", beat("€"), answer("€"))).toBe(false);
  expect(isRebuildable("a", beat("a"), JSON.stringify([4, "a", "InternalError", "", {}]))).toBe(false);
});
