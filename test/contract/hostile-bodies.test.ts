import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readLivingStack } from "../../dev/stack/data-directory.ts";
import { residentBytes } from "../../dev/stack/resident-memory.ts";
import { CHARGER_PATH } from "../../workflows/paths.ts";
import { furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { world } from "./world.ts";

const MEBIBYTE = 1024 * 1024;
/** What every sender would send if it were let. */
const WHOLE_BYTES = 200 * MEBIBYTE;
/** The largest limit, and what the buffers of both ends hold. */
const TAKEN_BYTES_MAX = 24 * MEBIBYTE;
const ANSWER_DEADLINE_MS = 60_000;

interface Told {
  status: number;
  body: string;
  /** Bytes of the body that the other side took. */
  taken: number;
}

interface Door {
  name: string;
  method?: string;
  path: () => string;
  headers?: () => Record<string, string>;
  type?: string;
  /** Most bytes that are read; 0: the answer is there before the first. */
  limit: number;
  /** Answers to a body that is too long, and to one that does not come. */
  tooLong: number;
  tooSlow: number;
  shape: RegExp;
}

let tenant: Tenant;
let own: Belongings;
beforeAll(async () => {
  tenant = await newTenant("hostile-bodies");
  own = await furnish(tenant);
});

const batch = () => `/ocpp/locations/${own.locationId}/chargers`;
const bearer = () => ({ authorization: `Bearer ${tenant.owner}` });
const DETAIL = /^\{"detail":/;
const V1 = /^\{"success":false,"error":\{"code":/;
const SETTINGS = /^\{"Code":/;
const OAUTH = /^\{"error":"invalid_request"/;
const PROBLEM = /^\{"type":"about:blank"/;
const FORM = "application/x-www-form-urlencoded";

const read = { tooLong: 413, tooSlow: 408 };
const unread = (status: number) => ({ limit: 0, tooLong: status, tooSlow: status });
const update = () => `/api/chargers/${own.chargerId}/update`;
const reset = () => `/api/v1/chargers/${own.identity}/reset`;
const key = () => ({ "x-api-key": tenant.owner });

const doors: Door[] = [
  { name: "token", path: () => "/oauth/token", type: FORM, limit: 8192, ...read, shape: OAUTH },
  { name: "step, unsigned", path: () => CHARGER_PATH, ...unread(401), shape: PROBLEM },
  { name: "step", path: () => CHARGER_PATH, headers: signed, limit: 2 * MEBIBYTE, ...read, shape: PROBLEM },
  {
    name: "gateway",
    path: () => "/ocpp/locations",
    headers: bearer,
    limit: MEBIBYTE,
    ...read,
    shape: DETAIL,
  },
  { name: "batch", path: batch, headers: bearer, limit: 8 * MEBIBYTE, ...read, shape: DETAIL },
  { name: "gateway, no key", path: () => "/ocpp/locations", ...unread(401), shape: DETAIL },
  { name: "command", path: reset, headers: key, limit: MEBIBYTE / 4, ...read, shape: V1 },
  { name: "command, no key", path: reset, ...unread(401), shape: V1 },
  { name: "settings", path: update, headers: bearer, limit: MEBIBYTE, ...read, shape: SETTINGS },
  { name: "settings, no token", path: update, ...unread(401), shape: SETTINGS },
  { name: "unknown path", path: () => "/nowhere", ...unread(404), shape: DETAIL },
  { name: "health", path: () => "/healthz", ...unread(405), shape: DETAIL },
  { name: "health with a body", method: "GET", path: () => "/healthz", ...unread(200), shape: /ok/ },
];

/** Headers of a delivery signed by the engine, for a body that nobody will ever see whole. */
function signed(): Record<string, string> {
  const secrets = z
    .object({ QSTASH_CURRENT_SIGNING_KEY: z.string() })
    .parse(JSON.parse(readFileSync(join(world.dataDirectory, "secrets.json"), "utf8")));
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "Upstash",
    sub: world.url + CHARGER_PATH,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: `jwt_${Math.random()}`,
    body: createHash("sha256").update("never").digest("base64url"),
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  const signature = createHmac("sha256", secrets.QSTASH_CURRENT_SIGNING_KEY).update(text).digest("base64url");
  return { "upstash-signature": `${text}.${signature}`, "upstash-workflow-sdk-version": "1" };
}

type Framing = "chunked" | "announced" | "both";

function headOf(door: Door, framing: Framing): string {
  const headers: Record<string, string> = {
    host: new URL(world.url).host,
    "content-type": door.type ?? "application/json",
    ...door.headers?.(),
    ...(framing === "chunked" ? {} : { "content-length": framing === "both" ? "10" : String(WHOLE_BYTES) }),
    ...(framing === "announced" ? {} : { "transfer-encoding": "chunked" }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${door.method ?? "POST"} ${door.path()} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

const SPACES = Buffer.alloc(65_536, 0x20);

type Pace = "drip" | { bytes: number };

/** Sends so many bytes of an endless body, or one now and then, while the other side takes them. Resolves when it hung up. */
function pour(door: Door, framing: Framing, pace: Pace): Promise<Told> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(world.url).port), "127.0.0.1");
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`${door.name}: held open by a body that is ${framing}`));
    }, ANSWER_DEADLINE_MS);
    let received = "";
    let sent = 0;
    let drip: NodeJS.Timeout | undefined;
    const send = (bytes: Buffer) => {
      sent += bytes.length;
      if (framing === "announced") return socket.write(bytes);
      socket.write(`${bytes.length.toString(16)}\r\n`);
      socket.write(bytes);
      return socket.write("\r\n");
    };
    const flood = (until: number): void => {
      while (sent < until && socket.writable)
        if (!send(SPACES)) return void socket.once("drain", () => flood(until));
    };
    socket.on("data", (chunk) => (received += String(chunk)));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(late);
      clearInterval(drip);
      const [head = "", text = ""] = received.split("\r\n\r\n");
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0);
      const body = text.replace(/^[0-9a-f]+\r\n/, "");
      resolve({ status, body, taken: Math.max(0, sent - socket.writableLength) });
    });
    socket.write(headOf(door, framing));
    if (pace === "drip") drip = setInterval(() => socket.writable && send(Buffer.from(" ")), 100);
    else flood(pace.bytes);
  });
}

describe("the size of a body is limited before authentication", () => {
  it.each<Framing>(["chunked", "announced"])(
    "a body that is too long and %s is refused in the format of its surface, and the connection is closed",
    async (framing) => {
      const all = await Promise.all(
        doors.map((door) => pour(door, framing, { bytes: framing === "chunked" ? door.limit + 1 : 0 })),
      );
      for (const [at, { name, tooLong, shape }] of doors.entries()) {
        expect([name, all[at]?.status]).toEqual([name, tooLong]);
        expect(all[at]?.body).toMatch(shape);
      }
    },
  );

  it("a body of 200 MiB is not read to its end, however it is announced, and the runtime does not grow by it", async () => {
    const worker = readLivingStack(world.dataDirectory)?.parts["worker"];
    if (!worker) throw new Error("the stack has no worker");
    const before = residentBytes(worker.pid);
    for (const framing of ["chunked", "announced", "both"] as const)
      for (const door of doors) {
        const { taken } = await pour(door, framing, { bytes: WHOLE_BYTES });
        expect(taken, `${door.name}, ${framing}`).toBeLessThan(TAKEN_BYTES_MAX);
      }
    expect(residentBytes(worker.pid) - before).toBeLessThan(150 * MEBIBYTE);
  });

  it("a body that comes a byte at a time is refused at the deadline, and the connection is closed", async () => {
    const all = await Promise.all(doors.map((door) => pour(door, "chunked", "drip")));
    for (const [at, { name, tooSlow, shape }] of doors.entries()) {
      expect([name, all[at]?.status]).toEqual([name, tooSlow]);
      expect(all[at]?.body).toMatch(shape);
    }
  });
});
