import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";
import { waitFor } from "./wait-for.ts";

/**
 * What happens to a request. pass: nothing. cutRequest, forwardAndCut, cutAnswer: the client's connection is closed before the
 * database receives the request, while it runs, or after it has answered. duplicate: it is sent twice and the second answer passes.
 * keepAnswer: it is never answered. holdRequest: it is sent on `release`.
 */
export type Treatment =
  | "pass"
  | "cutRequest"
  | "forwardAndCut"
  | "cutAnswer"
  | "duplicate"
  | "keepAnswer"
  | "holdRequest";

/** A proxy in front of the SQL endpoint that treats each request as the test decides. */
export interface SqlProxy {
  url: string;
  /** Bodies of all requests, oldest first. */
  bodies: string[];
  /** Decides by the body of a request. Default: everything passes. */
  treat: (body: string) => Treatment;
  /** Forwards the held requests; resolves when the database has answered them. */
  release(): Promise<void>;
  /** Resolves when the database has answered all forwarded requests. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export async function startSqlProxy(target: string): Promise<SqlProxy> {
  const held: Array<() => Promise<unknown>> = [];
  let underWay = 0;
  const server = createServer((incoming, outgoing) => {
    void readAll(incoming).then(async (body) => {
      proxy.bodies.push(body);
      const treatment = proxy.treat(body);
      const ask = () => {
        underWay += 1;
        return forward(target, incoming, body).finally(() => (underWay -= 1));
      };
      if (treatment === "cutRequest") return outgoing.destroy();
      if (treatment === "holdRequest") return held.push(ask);
      if (treatment === "duplicate") await ask();
      const asked = ask();
      if (treatment === "forwardAndCut") outgoing.destroy();
      const answer = await asked.catch(() => null);
      if (treatment === "cutAnswer" || answer === null) return outgoing.destroy();
      if (treatment === "pass" || treatment === "duplicate") send(outgoing, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const proxy: SqlProxy = {
    url: `http://127.0.0.1:${address.port}`,
    bodies: [],
    treat: () => "pass",
    idle: async () => void (await waitFor("an idle database", () => underWay === 0)),
    release: async () => void (await Promise.all(held.splice(0).map((ask) => ask()))),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

/** Whether a request is a write with a receipt (ADR 0012). */
export function leavesReceipt(body: string): boolean {
  const { queries = [] } = z
    .object({ queries: z.array(z.object({ params: z.array(z.unknown()) })).optional() })
    .parse(JSON.parse(body));
  return typeof queries[0]?.params[1] === "string";
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function forward(target: string, incoming: IncomingMessage, body: string) {
  const names = Object.keys(incoming.headers).filter((name) => name.startsWith("neon-"));
  const headers = Object.fromEntries(names.map((name) => [name, String(incoming.headers[name])]));
  const answer = await fetch(new URL(incoming.url ?? "/", target), { method: "POST", headers, body });
  return { status: answer.status, text: await answer.text() };
}

function send(outgoing: ServerResponse, { status, text }: { status: number; text: string }): void {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(text);
}
