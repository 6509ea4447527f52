import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { LINE_HEADER, type EventsLive } from "../../../../src/durable/live/events-live.ts";
import type { RawEnv } from "../../../../src/env.ts";
import type { LineRequest } from "../../../../src/ports.ts";

type Frame = { type: string; id?: string; after?: string | null; event?: string };

/** The live lines of one organisation of its own. */
export class Lines {
  readonly organizationId = crypto.randomUUID();

  get stub(): DurableObjectStub<EventsLive> {
    const namespace = (env as RawEnv).EVENTS_LIVE as unknown as DurableObjectNamespace<EventsLive>;
    return namespace.getByName(this.organizationId);
  }

  /** The answer to an upgrade. */
  async upgrade(line: Partial<LineRequest> = {}): Promise<Response> {
    const { organizationId } = this;
    const keyId = "key_01JKB2M3N4P5Q6R7S8T9V0W1X2";
    const asked: LineRequest = {
      organizationId,
      keyId,
      after: null,
      types: null,
      chargeBoxId: null,
      ...line,
    };
    const headers = { upgrade: "websocket", [LINE_HEADER]: JSON.stringify(asked) };
    return this.stub.fetch(new Request("https://busbar.test/", { headers }));
  }

  async open(line: Partial<LineRequest> = {}): Promise<LineClient> {
    const { status, webSocket } = await this.upgrade(line);
    if (status !== 101 || !webSocket) throw new Error(`the upgrade was answered ${status}`);
    const client = new LineClient(webSocket);
    await client.until(() => client.frames.length > 0 || client.closed !== null);
    return client;
  }

  told(id: string | null): Promise<void> {
    return Promise.resolve(this.stub.told(this.organizationId, id));
  }

  hibernate(): Promise<void> {
    return evictDurableObject(this.stub, { webSockets: "hibernate" });
  }
}

export class LineClient {
  readonly frames: Frame[] = [];
  readonly pongs: string[] = [];
  closed: number | null = null;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      if (text === '{"type":"pong"}') this.pongs.push(text);
      else this.frames.push(JSON.parse(text) as Frame);
    });
    socket.addEventListener("close", ({ code }) => {
      this.closed = code;
    });
    socket.accept();
  }

  /** Ids of the events that came, in their order. */
  get ids(): (string | undefined)[] {
    return this.frames.filter(({ type }) => type === "event").map(({ id }) => id);
  }

  send(frame: object | string): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  close(): void {
    this.#socket.close(1000);
  }

  until(condition: () => boolean): Promise<void> {
    return vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5000, interval: 10 });
  }
}
