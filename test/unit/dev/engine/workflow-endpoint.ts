import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve, type WorkflowContext, type WorkflowServeOptions } from "@upstash/workflow";
import { Client as QStashClient, Receiver } from "@upstash/qstash";

export const token = "test-token";
export const keys = { currentKey: "sig_current_of_the_test", nextKey: "sig_next_of_the_test" };

type RouteFunction = (context: WorkflowContext<Record<string, unknown>>) => Promise<unknown>;
type ServeOptions = WorkflowServeOptions<Record<string, unknown>, unknown>;

export interface Delivery {
  path: string;
  headers: Record<string, string>;
  body: string;
  status: number;
}

export interface Endpoint {
  origin: string;
  /** Every request that arrived, in order, with the status it was answered. */
  deliveries: Delivery[];
  /** Serves a workflow with the unmodified SDK; signatures are verified. */
  workflow(path: string, route: RouteFunction, options?: ServeOptions): string;
  /** Serves anything else. */
  route(path: string, handler: (request: Request) => Promise<Response> | Response): string;
  close(): Promise<void>;
}

// The SDKs print each failed step, duplicate and lost connection; tests cause them on purpose.
for (const level of ["error", "warn"] as const) {
  const print = console[level].bind(console);
  console[level] = (...values: unknown[]) => {
    if (!/Upstash (Workflow|QStash)/.test(String(values[0]))) print(...values);
  };
}

/** A Node server with workflow routes that publish to the engine at `engineUrl()`. */
export async function startEndpoint(engineUrl: () => string): Promise<Endpoint> {
  const routes = new Map<string, (request: Request) => Promise<Response> | Response>();
  const deliveries: Delivery[] = [];
  const server = createServer((incoming, outgoing) => {
    void answer(incoming).then(async (response) => {
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    });
  });
  const origin = await listen(server);

  async function answer(incoming: IncomingMessage): Promise<Response> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    const path = incoming.url ?? "/";
    const headers = incoming.headers as Record<string, string>;
    const delivery: Delivery = { path, headers, body, status: 0 };
    deliveries.push(delivery);
    const handler = routes.get(path);
    const response = handler
      ? await handler(new Request(`${origin}${path}`, { method: "POST", headers, body }))
      : new Response("no such route", { status: 404 });
    delivery.status = response.status;
    return response;
  }

  return {
    origin,
    deliveries,
    workflow(path, route, options) {
      const clientFor = () => new QStashClient({ baseUrl: engineUrl(), token, enableTelemetry: false });
      const receiver = new Receiver({ currentSigningKey: keys.currentKey, nextSigningKey: keys.nextKey });
      routes.set(path, (request) => {
        const env = { QSTASH_URL: engineUrl(), QSTASH_TOKEN: token };
        return serve<Record<string, unknown>>(route, {
          qstashClient: clientFor(),
          receiver,
          env,
          ...options,
        }).handler(request);
      });
      return `${origin}${path}`;
    },
    route(path, handler) {
      routes.set(path, handler);
      return `${origin}${path}`;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
