import { DurableObject } from "cloudflare:workers";

interface Peer {
  send(text: string): void;
  close(code: number, reason: string): void;
}

interface ObjectState {
  acceptWebSocket(socket: unknown): void;
  getWebSockets(): Peer[];
}

interface Variables {
  BARE: { getByName(name: string): { fetch(request: Request): Promise<Response> } };
}

/** What the runtime adds to the platform's own types. */
declare const WebSocketPair: new () => { 0: unknown; 1: unknown };
declare const gc: () => void;
type Upgraded = ResponseInit & { webSocket: unknown };

/** Takes the newest socket, closes the older one, and answers every message with itself. A POST collects garbage. */
export class BareCharger extends DurableObject {
  readonly #state: ObjectState;

  constructor(state: ObjectState, variables: Variables) {
    super(state, variables);
    this.#state = state;
  }

  fetch(request: Request): Response {
    if (request.method === "POST") {
      gc();
      return new Response();
    }
    const { 0: client, 1: server } = new WebSocketPair();
    const older = this.#state.getWebSockets();
    this.#state.acceptWebSocket(server);
    for (const socket of older) socket.close(4001, "superseded");
    const answer: Upgraded = { status: 101, webSocket: client };
    return new Response(null, answer);
  }

  webSocketMessage(peer: Peer, text: string): void {
    peer.send(text);
  }

  webSocketClose(peer: Peer, code: number, reason: string): void {
    peer.close(code, reason);
  }
}

export default {
  fetch(request: Request, variables: Variables): Promise<Response> {
    return variables.BARE.getByName(new URL(request.url).pathname).fetch(request);
  },
};
