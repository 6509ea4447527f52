import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "./random.ts";

/** Shares of the requests that meet a fault; all others pass. */
export interface ProxyFaults {
  /** Held for a while and then passed on, whether or not somebody still waits for the answer. */
  slow?: { share: number; minMs: number; maxMs: number };
  /** The connection is reset and nothing is passed on. */
  drop?: number;
  /** Passed on; the connection is reset in place of the answer. */
  cut?: number;
  /** Passed on twice: one after the other, or at once. */
  duplicate?: number;
  /** Held until another request has passed, at most two seconds. */
  reorder?: number;
  /** Answered by the proxy with one of these, and not passed on. */
  refuse?: { share: number; statuses: readonly [number, ...number[]] };
}

export type ProxyFault = "slow" | "drop" | "cut" | "duplicate" | "reorder" | "refuse" | "hold";

/** A fault that a request met. */
export interface Met {
  at: string;
  proxy: string;
  fault: ProxyFault;
  method: string;
  path: string;
}

/** A request as it came. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

interface Answered {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

const REORDER_MAX_MS = 2000;

/**
 * Stands between two parts and breaks what passes, as `faults` says at that moment. The n-th request of a seed always draws
 * the same number. WebSockets pass untouched.
 */
export class FaultProxy {
  readonly name: string;
  faults: ProxyFaults = {};
  /** Decides instead of the draw; null: the request passes. "hold" keeps it back until `release`. */
  choose: ((asked: Asked) => ProxyFault | null) | null = null;
  readonly met: Met[] = [];
  passed = 0;
  readonly #random: Random;
  readonly #target: () => string;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  #othersPassed: (() => void)[] = [];
  #held: ((fate: "pass" | "drop") => void)[] = [];

  private constructor(name: string, target: () => string, random: Random) {
    this.name = name;
    this.#target = target;
    this.#random = random;
    this.#server = createServer((req, res) => void this.#serve(req, res));
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on("connection", (socket) => this.#remember(socket));
    this.#server.on("upgrade", (req, socket, head) => this.#upgrade(req, socket as Socket, head));
  }

  /** Listens on a free port. `target` is asked for every request. */
  static async start(name: string, target: () => string, random: Random): Promise<FaultProxy> {
    const proxy = new FaultProxy(name, target, random);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  }

  /** Requests that are held at this moment. */
  get held(): number {
    return this.#held.length;
  }

  /** Passes on what is held, or drops it. */
  release(fate: "pass" | "drop" = "pass"): void {
    for (const decide of this.#held.splice(0)) decide(fate);
  }

  async close(): Promise<void> {
    this.release("drop");
    this.#agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #remember(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** Each request draws once, whatever is switched on. */
  #draw(): ProxyFault | null {
    const { drop = 0, cut = 0, duplicate = 0, reorder = 0, slow, refuse } = this.faults;
    const shares: [ProxyFault, number][] = [
      ["drop", drop],
      ["cut", cut],
      ["duplicate", duplicate],
      ["reorder", reorder],
      ["slow", slow?.share ?? 0],
      ["refuse", refuse?.share ?? 0],
    ];
    let left = this.#random.next();
    for (const [fault, share] of shares) {
      left -= share;
      if (left < 0) return fault;
    }
    return null;
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.on("error", () => {});
    try {
      const asked = await readRequest(req);
      const drawn = this.#draw();
      const fault = this.choose ? this.choose(asked) : drawn;
      if (fault) this.#note(fault, asked);
      const answer = await this.#perform(fault, asked);
      if (answer) send(res, answer);
      else reset(req.socket);
    } catch {
      reset(req.socket);
    }
  }

  #note(fault: ProxyFault, { method, path }: Asked): void {
    this.met.push({ at: new Date().toISOString(), proxy: this.name, fault, method, path });
  }

  /** Null: the connection ends without an answer. */
  async #perform(fault: ProxyFault | null, asked: Asked): Promise<Answered | null> {
    switch (fault) {
      case "drop":
        return null;
      case "cut":
        await this.#pass(asked);
        return null;
      case "refuse":
        return this.#refusal();
      case "slow":
        await delay(this.#random.integer(this.faults.slow?.minMs ?? 0, this.faults.slow?.maxMs ?? 0));
        return this.#pass(asked);
      case "reorder":
        await this.#untilAnotherPassed();
        return this.#pass(asked);
      case "hold": {
        const fate = await new Promise<"pass" | "drop">((resolve) => this.#held.push(resolve));
        return fate === "pass" ? this.#pass(asked) : null;
      }
      case "duplicate":
        return this.#passTwice(asked);
      case null:
        return this.#pass(asked);
    }
  }

  #refusal(): Answered {
    const status = this.#random.pick(this.faults.refuse?.statuses ?? [503]);
    const headers = { "content-type": "application/json", ...(status === 429 && { "retry-after": "1" }) };
    return { status, headers, body: Buffer.from(`{"error":"refused by the fault proxy"}`) };
  }

  async #passTwice(asked: Asked): Promise<Answered> {
    if (this.#random.chance(0.5)) {
      const [answer] = await Promise.all([this.#pass(asked), this.#pass(asked).catch(() => null)]);
      return answer;
    }
    const answer = await this.#pass(asked);
    await this.#pass(asked).catch(() => null);
    return answer;
  }

  async #untilAnotherPassed(): Promise<void> {
    const other = new Promise<void>((resolve) => this.#othersPassed.push(resolve));
    await Promise.race([other, delay(REORDER_MAX_MS, undefined, { ref: false })]);
  }

  async #pass(asked: Asked): Promise<Answered> {
    const answer = await forward(this.#target(), asked, this.#agent);
    this.passed++;
    for (const resolve of this.#othersPassed.splice(0)) resolve();
    return answer;
  }

  #upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const { hostname, port } = new URL(this.#target());
    const upstream = connect({ host: hostname, port: Number(port) });
    this.#remember(upstream);
    upstream.once("connect", () => {
      const lines = [`${req.method} ${req.url} HTTP/1.1`];
      for (let index = 0; index < req.rawHeaders.length; index += 2)
        lines.push(`${req.rawHeaders[index]}: ${req.rawHeaders[index + 1]}`);
      upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
      upstream.write(head);
      socket.pipe(upstream);
      upstream.pipe(socket);
    });
    upstream.once("close", () => socket.destroy());
    socket.once("close", () => upstream.destroy());
  }
}

async function readRequest(req: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return {
    method: req.method ?? "GET",
    path: req.url ?? "/",
    headers: req.headers,
    body: Buffer.concat(chunks),
  };
}

/** What concerns one connection only. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

function endToEnd(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function forward(target: string, { method, path, headers, body }: Asked, agent: Agent): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, target), {
      method,
      agent,
      headers: { ...endToEnd(headers), ...(body.length > 0 && { "content-length": String(body.length) }) },
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("aborted", () => reject(new Error("the answer broke off")));
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 502,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    outgoing.end(body);
  });
}

function send(res: ServerResponse, { status, headers, body }: Answered): void {
  if (res.destroyed) return;
  res.writeHead(status, { ...endToEnd(headers), "content-length": String(body.length) });
  res.end(body);
}

function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}
