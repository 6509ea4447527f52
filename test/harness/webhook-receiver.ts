import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

/** A request that a receiver got. */
export interface ReceivedDelivery {
  path: string;
  headers: Record<string, string>;
  /** The bytes as text, before any parsing. */
  body: string;
  /** What the published library makes of it, or why it refused it. */
  verified: { event: string; timestamp: string; data: Record<string, unknown> } | Error;
}

export type Behaviour = (response: ServerResponse, delivery: ReceivedDelivery) => void;

/** Answers 200 with a short body. */
const accepting: Behaviour = (response) => void response.end("ok");
export const answering =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end("no");

/** A foreign receiver of webhooks: it knows the secret and the published library of Standard Webhooks, and nothing else of ours. */
export interface WebhookReceiver {
  url: string;
  received: ReceivedDelivery[];
  behaviour: Behaviour;
  /** Deliveries that were verified, by their `webhook-id`. */
  ids(): string[];
  /** Sockets that are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

export async function startReceiver(secret: string): Promise<WebhookReceiver> {
  const verifier = secret.startsWith("whsec_")
    ? new Webhook(secret)
    : new Webhook(new TextEncoder().encode(secret), { format: "raw" });
  const received: ReceivedDelivery[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      const headers = request.headers as Record<string, string>;
      const delivery: ReceivedDelivery = {
        path: request.url ?? "",
        headers,
        body,
        verified: verify(verifier, body, headers),
      };
      received.push(delivery);
      receiver.behaviour(response, delivery);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    behaviour: accepting,
    ids: () =>
      received
        .filter(({ verified }) => !(verified instanceof Error))
        .map(({ headers }) => headers["webhook-id"] ?? ""),
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

function verify(
  verifier: Webhook,
  body: string,
  headers: Record<string, string>,
): ReceivedDelivery["verified"] {
  try {
    return verifier.verify(body, headers) as Exclude<ReceivedDelivery["verified"], Error>;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
