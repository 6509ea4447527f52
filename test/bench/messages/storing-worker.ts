import { DurableObject } from "cloudflare:workers";

/**
 * The runtime's part of a stored message: an object per charger that stores each CALL with its answer as one row before it answers,
 * as the Node server does, and nothing else.
 */
interface ObjectState {
  acceptWebSocket(socket: unknown): void;
  storage: { sql: { exec(text: string, ...values: unknown[]): unknown } };
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

const TABLE = `CREATE TABLE IF NOT EXISTS messages (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, message_id TEXT NOT NULL, action TEXT NOT NULL, message TEXT NOT NULL,
  answer TEXT NOT NULL)`;

export class BareCharger extends DurableObject {
  readonly #state: ObjectState;
  #isReady = false;
  #lastTransactionId = 0;

  constructor(state: ObjectState, variables: Variables) {
    super(state, variables);
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
    const [, id, action] = JSON.parse(text) as [2, string, string];
    const answer = JSON.stringify([3, id, this.#answerTo(action)]);
    if (action !== "Heartbeat") this.#store(id, action, text, answer);
    peer.send(answer);
  }

  webSocketClose(): void {}

  #store(id: string, action: string, text: string, answer: string): void {
    const { sql } = this.#state.storage;
    if (!this.#isReady) sql.exec(TABLE);
    this.#isReady = true;
    sql.exec(
      "INSERT INTO messages (at_ms, message_id, action, message, answer) VALUES (?, ?, ?, ?, ?)",
      Date.now(),
      id,
      action,
      text,
      answer,
    );
  }

  #answerTo(action: string): object {
    const currentTime = new Date().toISOString();
    if (action === "Heartbeat") return { currentTime };
    if (action === "BootNotification") return { currentTime, interval: 300, status: "Accepted" };
    return action === "StartTransaction"
      ? { transactionId: ++this.#lastTransactionId, idTagInfo: { status: "Accepted" } }
      : {};
  }
}

export default {
  fetch: (request: Request, variables: Variables): Promise<Response> =>
    variables.BARE.getByName(new URL(request.url).pathname).fetch(request),
};
