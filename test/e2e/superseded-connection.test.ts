import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startBareRuntime, type BareRuntime } from "../bench/commands/bare-runtime.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

/** A client ends the connection by itself after 30 s, and a session that has nothing to do sleeps after 10. */
const HUNG_UP_WITHIN_MS = 6000;
const ECHOES = 20;

let stack: RunningStack;
let bare: BareRuntime;
beforeAll(async () => {
  bare = await startBareRuntime(join(import.meta.dirname, "superseding-worker.ts"));
  stack = await startStack();
});
afterAll(() => Promise.all([bare.stop(), stack.stop()]));

/** Keeps the session from falling asleep until what is looked for has come. */
async function whileBusy<T>(station: RawStation, look: () => Promise<T>): Promise<T> {
  const found = look();
  let isOver = false;
  const over = () => (isOver = true);
  found.then(over, over);
  while (!isOver) await station.call("Heartbeat", {});
  return found;
}

for (const [sent, connect] of [
  ["sent no frame", RawStation.connect],
  ["sent frames", RawStation.booted],
] as const) {
  test(`the TCP connection of a superseded socket that had ${sent} ends within ${HUNG_UP_WITHIN_MS} ms, though its successor keeps the session awake`, async () => {
    const door = await newDoor(stack, `SUPERSEDED-${sent.length}`);
    const old = await connect(door);
    const newer = await RawStation.booted(door);
    const code = await whileBusy(newer, () =>
      waitFor("the end of the old connection", () => old.closeCode, HUNG_UP_WITHIN_MS),
    );
    expect(code).toBe(4001);
    newer.socket.close();
  });
}

test("a station that connects five times in a row without a frame has one connection left, and all others were closed with 4001", async () => {
  const door = await newDoor(stack, "FLAPPING");
  const older: RawStation[] = [];
  for (let n = 0; n < 5; n++) older.push(await RawStation.connect(door));
  const newest = await RawStation.booted(door);
  const ended = () => older.every(({ closeCode }) => closeCode === 4001);
  await whileBusy(newest, () => waitFor("the end of all old connections", ended, HUNG_UP_WITHIN_MS));
  expect(newest.closeCode).toBeNull();
  newest.socket.close();
});

test("it is the runtime: a bare object's closed socket keeps its TCP connection when its station had sent no frame, until the socket is collected", async () => {
  const opened = async (path: string) => {
    const socket = new WebSocket(bare.url.replace("http", "ws") + path, { perMessageDeflate: false });
    await once(socket, "open");
    return socket;
  };
  const echo = async (socket: WebSocket) => {
    const answered = once(socket, "message");
    socket.send("x");
    await answered;
  };
  const ends = new Map<string, number>();
  const superseded = async (path: string, speaks: boolean) => {
    const old = await opened(path);
    old.on("close", (code) => ends.set(path, code));
    if (speaks) await echo(old);
    return opened(path);
  };
  const successors = [await superseded("/silent", false), await superseded("/spoke", true)];
  await waitFor("the end of the socket that spoke", () => ends.get("/spoke"), HUNG_UP_WITHIN_MS);
  for (let n = 0; n < ECHOES; n++) for (const socket of successors) await echo(socket);
  // Should this fail, the runtime has learned to end it, and `endUnspoken` can go.
  expect([...ends]).toEqual([["/spoke", 4001]]);
  await fetch(`${bare.url}/silent`, { method: "POST" });
  await waitFor("the end of the silent socket", () => ends.get("/silent"), HUNG_UP_WITHIN_MS);
  for (const socket of successors) socket.terminate();
});
