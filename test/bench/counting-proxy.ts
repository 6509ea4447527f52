import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { waitFor } from "../harness/wait-for.ts";

/** One request that passed. */
export interface Passed {
  method: string;
  path: string;
  body: string;
}

/** Stands in front of a part, forwards everything unchanged and remembers what it forwarded. */
export interface CountingProxy {
  url: string;
  passed: Passed[];
  /** Resolves when nothing has passed for `quietMs`. */
  quiet(quietMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const agent = new Agent({ keepAlive: true });
  const passed: Passed[] = [];
  let lastAtMs = performance.now();
  const server = createServer((incoming, outgoing) => {
    void readAll(incoming).then((body) => {
      lastAtMs = performance.now();
      passed.push({ method: incoming.method ?? "", path: incoming.url ?? "", body: body.toString() });
      forward(agent, target, incoming, body, outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    passed,
    quiet: async (quietMs = 250) => {
      await waitFor("a quiet proxy", () => performance.now() - lastAtMs > quietMs, 30_000);
    },
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function forward(
  agent: Agent,
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): void {
  const { "transfer-encoding": _chunked, ...headers } = incoming.headers;
  const onward = request(new URL(incoming.url ?? "/", target), {
    method: incoming.method ?? "GET",
    headers: { ...headers, "content-length": String(body.length) },
    agent,
  });
  onward.once("response", (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.once("error", () => outgoing.destroy());
  onward.end(body);
}
