/**
 * The baseline of the command measurements: a Worker that says hello, and an object per charger that keeps a socket and
 * echoes what it gets. The runtime's part of every message, and nothing else.
 */
interface ObjectState {
  acceptWebSocket(socket: unknown): void;
}

interface Peer {
  send(text: string): void;
}

interface Variables {
  BARE: { getByName(name: string): { fetch(request: Request): Promise<Response> } };
}

/** What the runtime adds to the platform's own types. */
declare const WebSocketPair: new () => { 0: unknown; 1: unknown };
type Upgraded = ResponseInit & { webSocket: unknown };

export class BareCharger {
  readonly #state: ObjectState;

  constructor(state: ObjectState) {
    this.#state = state;
  }

  fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#state.acceptWebSocket(server);
    const headers = { "sec-websocket-protocol": "ocpp1.6" };
    const answer: Upgraded = { status: 101, webSocket: client, headers };
    return new Response(null, answer);
  }

  webSocketMessage(peer: Peer, text: string): void {
    peer.send(text);
  }

  webSocketClose(): void {}
}

export default {
  async fetch(request: Request, variables: Variables): Promise<Response> {
    if (request.headers.get("upgrade") === null) return new Response("hello");
    return variables.BARE.getByName(new URL(request.url).pathname).fetch(request);
  },
};
