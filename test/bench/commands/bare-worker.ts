import { DurableObject } from "cloudflare:workers";

/**
 * The baseline of the command measurements: a Worker that says hello, and an object per charger that keeps a socket and
 * echoes what it gets. A POST is a command without a product: one call to the object, one message to the charger, one back.
 * The runtime's part of every message, and nothing else.
 */
interface ObjectState {
  acceptWebSocket(socket: unknown): void;
  getWebSockets(): Peer[];
}

interface Peer {
  send(text: string): void;
}

interface Bare {
  fetch(request: Request): Promise<Response>;
  command(body: unknown): Promise<unknown>;
}

interface Variables {
  BARE: { getByName(name: string): Bare };
}

/** What the runtime adds to the platform's own types. */
declare const WebSocketPair: new () => { 0: unknown; 1: unknown };
type Upgraded = ResponseInit & { webSocket: unknown };

export class BareCharger extends DurableObject {
  readonly #state: ObjectState;
  readonly #waiting = new Map<string, (answer: unknown) => void>();

  constructor(state: ObjectState, variables: Variables) {
    super(state, variables);
    this.#state = state;
  }

  command(body: unknown): Promise<unknown> {
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, resolve);
    for (const peer of this.#state.getWebSockets()) peer.send(JSON.stringify([2, id, "Command", body]));
    return promise;
  }

  fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#state.acceptWebSocket(server);
    const headers = { "sec-websocket-protocol": "ocpp1.6" };
    const answer: Upgraded = { status: 101, webSocket: client, headers };
    return new Response(null, answer);
  }

  webSocketMessage(peer: Peer, text: string): void {
    const [, id, answer] = JSON.parse(text) as [number, string, unknown];
    const settle = this.#waiting.get(id);
    if (!settle) return peer.send(text);
    this.#waiting.delete(id);
    settle(answer);
  }

  webSocketClose(): void {}
}

export default {
  async fetch(request: Request, variables: Variables): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/hello") return new Response("hello");
    const charger = variables.BARE.getByName(pathname);
    if (request.method !== "POST") return charger.fetch(request);
    return Response.json(await charger.command(await request.json()));
  },
};
