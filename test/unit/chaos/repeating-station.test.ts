import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import type { RawFrame } from "../../harness/ocpp-station/raw-station.ts";
import { RepeatingStation } from "../../harness/ocpp-station/repeating-station.ts";
import type { Reply } from "../../harness/ocpp-station/station-reply.ts";
import { waitFor } from "../../harness/wait-for.ts";

let server: WebSocketServer;
let station: RepeatingStation;
/** CALLs of the station, those of all connections. */
let said: RawFrame[];
let sockets: WebSocket[];
/** What the central system answers; null: nothing. */
let answer: (frame: RawFrame) => object | null;
let isSameId = true;
let reply: Reply = { kind: "answer", payload: {} };

beforeEach(async () => {
  said = [];
  sockets = [];
  answer = ([, , action]) =>
    action === "BootNotification"
      ? { status: "Accepted" }
      : action === "StartTransaction"
        ? { transactionId: 7 }
        : {};
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as RawFrame;
      if (frame[0] !== 2) return;
      said.push(frame);
      const payload = answer(frame);
      if (payload) socket.send(JSON.stringify([3, frame[1], payload]));
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  station = new RepeatingStation({
    door: { connectionUrl: `ws://127.0.0.1:${port}/X`, identity: "X", authorizationKey: "k" },
    version: "ocpp1.6",
    react: () => reply,
    redialMs: () => 10,
    messageTimeoutMs: 60,
    retryIntervalMs: 10,
    repeatsWithSameId: () => isSameId,
  });
  station.start();
  await waitFor("the boot", () => station.boots === 1);
});
afterEach(async () => {
  station.stop();
  for (const socket of sockets) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

const starts = () => said.filter(([, , action]) => action === "StartTransaction");
const charge = () => {
  const [first] = station.charges;
  if (!first) throw new Error("it does not charge");
  return first;
};

/** Gives the first start no answer. */
function dropFirstStart(): void {
  const usual = answer;
  answer = (frame) => (frame[2] === "StartTransaction" && starts().length === 1 ? null : usual(frame));
}

describe("a station that repeats", () => {
  test.each([
    ["the same id", true],
    ["an id of its own", false],
  ])("says an unanswered start again, under %s, with the same words", async (_which, same) => {
    isSameId = same;
    dropFirstStart();
    station.begin(1, "TAG");
    await waitFor("an answer", () => charge().isStartAnswered);
    const [first, second] = starts();
    expect(second?.[3]).toEqual(first?.[3]);
    expect(second?.[1] === first?.[1]).toBe(same);
    expect(charge().transactionIds).toEqual([7]);
  });

  test("keeps messages of the time without a connection, in order, and stops with the transaction id it got meanwhile", async () => {
    sockets[0]?.terminate();
    await waitFor("off line", () => !station.isConnected);
    station.begin(1, "TAG");
    station.read(charge());
    station.end(charge());
    await waitFor("all answered", () => station.isQuiet && charge().stop?.isAnswered === true);
    expect(said.map(([, , action]) => action)).toEqual([
      "BootNotification",
      "StartTransaction",
      "MeterValues",
      "StopTransaction",
    ]);
    expect(said.at(-1)?.[3]).toMatchObject({ transactionId: 7 });
  });

  test("boots again after a restart only", async () => {
    sockets[0]?.terminate();
    await waitFor("a second connection", () => station.connections === 2);
    station.restart();
    await waitFor("a second boot", () => station.boots === 2);
    expect(station.connections).toBe(3);
  });

  test("records two CALLs that are open at once, and none that were answered", async () => {
    sockets[0]?.send(JSON.stringify([2, "a", "ClearCache", {}]));
    await waitFor("the first", () => station.calls.length === 1);
    expect(station.overlaps).toEqual([]);
    reply = { kind: "silence" };
    sockets[0]?.send(JSON.stringify([2, "b", "ClearCache", {}]));
    sockets[0]?.send(JSON.stringify([2, "c", "Reset", {}]));
    await waitFor("all", () => station.calls.length === 3);
    expect(station.overlaps).toMatchObject([{ earlier: "ClearCache", later: "Reset" }]);
  });

  test("counts one socket more while an old connection is open beside its successor", async () => {
    await station.takeOver();
    expect(station.openSockets).toBe(2);
    sockets[0]?.close(4001);
    await waitFor("the old one closed", () => station.openSockets === 1);
    expect(station.isConnected).toBe(true);
  });
});
