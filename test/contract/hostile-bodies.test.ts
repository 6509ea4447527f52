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
/** More than that on the way is a body that is being read. */
const TAKEN_BYTES_MAX = 24 * MEBIBYTE;
const ANSWER_DEADLINE_MS = 60_000;

interface Told {
  status: number;
  head: string;
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

const bearer = () => ({ authorization: `Bearer ${tenant.owner}` });
const DETAIL = /^\{"detail":/;
const V1 = /^\{"success":false,"error":\{"code":/;
const SETTINGS = /^\{"Code":/;
const OAUTH = /^\{"error":"invalid_request"/;
const PROBLEM = /^\{"type":"about:blank"/;
const FORM = "application/x-www-form-urlencoded";

const doors: Door[] = [
  {
    name: "the token endpoint",
    path: () => "/oauth/token",
    type: FORM,
    tooLong: 413,
    tooSlow: 408,
    shape: OAUTH,
  },
  {
    name: "a step without a signature",
    path: () => CHARGER_PATH,
    tooLong: 401,
    tooSlow: 401,
    shape: PROBLEM,
  },
  {
    name: "a signed step",
    path: () => CHARGER_PATH,
    headers: () => signed(CHARGER_PATH),
    tooLong: 413,
    tooSlow: 408,
    shape: PROBLEM,
  },
  {
    name: "a gateway create",
    path: () => "/ocpp/locations",
    headers: bearer,
    tooLong: 413,
    tooSlow: 408,
    shape: DETAIL,
  },
  {
    name: "a batch",
    path: () => `/ocpp/locations/${own.locationId}/chargers`,
    headers: bearer,
    tooLong: 413,
    tooSlow: 408,
    shape: DETAIL,
  },
  {
    name: "a gateway create without a key",
    path: () => "/ocpp/locations",
    tooLong: 401,
    tooSlow: 401,
    shape: DETAIL,
  },
  {
    name: "a command",
    path: () => `/api/v1/chargers/${own.identity}/reset`,
    headers: () => ({ "x-api-key": tenant.owner }),
    tooLong: 413,
    tooSlow: 408,
    shape: V1,
  },
  {
    name: "a command without a key",
    path: () => `/api/v1/chargers/${own.identity}/reset`,
    tooLong: 401,
    tooSlow: 401,
    shape: V1,
  },
  {
    name: "an update of settings",
    path: () => `/api/chargers/${own.chargerId}/update`,
    headers: bearer,
    tooLong: 413,
    tooSlow: 408,
    shape: SETTINGS,
  },
  {
    name: "an update of settings without a token",
    path: () => `/api/chargers/${own.chargerId}/update`,
    tooLong: 401,
    tooSlow: 401,
    shape: SETTINGS,
  },
  { name: "an unknown path", path: () => "/nowhere", tooLong: 404, tooSlow: 404, shape: DETAIL },
  { name: "the health route", path: () => "/healthz", tooLong: 405, tooSlow: 405, shape: DETAIL },
];

/** Headers of a delivery signed by the engine, for a body that nobody will ever see whole. */
function signed(path: string): Record<string, string> {
  const secrets = z
    .object({ QSTASH_CURRENT_SIGNING_KEY: z.string() })
    .parse(JSON.parse(readFileSync(join(world.dataDirectory, "secrets.json"), "utf8")));
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "Upstash",
    sub: world.url + path,
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

/** Sends a body of 200 MiB, or a byte now and then, for as long as the other side takes it. Resolves when it hung up. */
function pour(door: Door, framing: Framing, pace: "flood" | "drip"): Promise<Told> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(world.url).port), "127.0.0.1");
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`${door.name}: held open by a ${framing} ${pace}`));
    }, ANSWER_DEADLINE_MS);
    let received = "";
    let body = 0;
    let drip: NodeJS.Timeout | undefined;
    const piece = (bytes: Buffer) =>
      framing === "announced"
        ? bytes
        : Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
    const flood = () => {
      while (body < WHOLE_BYTES && socket.writable) {
        body += SPACES.length;
        if (!socket.write(piece(SPACES))) return void socket.once("drain", flood);
      }
    };
    socket.on("data", (chunk) => (received += String(chunk)));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(late);
      clearInterval(drip);
      const [head = "", text = ""] = received.split("\r\n\r\n");
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0);
      const unsent = socket.writableLength;
      resolve({ status, head, body: text.replace(/^[0-9a-f]+\r\n/, ""), taken: Math.max(0, body - unsent) });
    });
    socket.write(headOf(door, framing));
    if (pace === "flood") flood();
    else drip = setInterval(() => socket.writable && socket.write(piece(Buffer.from(" "))), 100);
  });
}

describe("a body is bounded before anybody is asked for", () => {
  it.each<Framing>(["chunked", "announced"])(
    "200 MiB, %s, are refused everywhere without being taken",
    async (framing) => {
      const worker = readLivingStack(world.dataDirectory)?.parts["worker"];
      if (!worker) throw new Error("the stack has no worker");
      const before = residentBytes(worker.pid);
      for (const door of doors) {
        const told = await pour(door, framing, "flood");
        expect([door.name, told.status, told.body]).toEqual([
          door.name,
          door.tooLong,
          expect.stringMatching(door.shape),
        ]);
        expect([door.name, told.taken]).toEqual([door.name, expect.any(Number)]);
        expect(told.taken, door.name).toBeLessThan(TAKEN_BYTES_MAX);
      }
      expect(residentBytes(worker.pid) - before).toBeLessThan(150 * MEBIBYTE);
    },
  );

  it("a length that says less than what comes changes nothing", async () => {
    for (const door of doors) {
      const told = await pour(door, "both", "flood");
      expect(told.taken, door.name).toBeLessThan(TAKEN_BYTES_MAX);
      expect([door.name, told.status]).toEqual([door.name, expect.any(Number)]);
    }
  });

  it("a body that comes a byte at a time is given up at the deadline, and the line is closed", async () => {
    const all = await Promise.all(doors.map((door) => pour(door, "chunked", "drip")));
    expect(all.map(({ status }, at) => [doors[at]?.name, status])).toEqual(
      doors.map(({ name, tooSlow }) => [name, tooSlow]),
    );
    for (const [at, told] of all.entries()) expect(told.body).toMatch(doors[at]?.shape ?? /never/);
  });
});
