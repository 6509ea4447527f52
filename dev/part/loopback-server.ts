import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

export type LoopbackServer = { url: string; close(): Promise<void> };
export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

const KEEP_ALIVE_MS = 60_000;
const CLOSE_GRACE_MS = 2_000;

/**
 * An HTTP server for this machine only, with `url` as `http://127.0.0.1:<port>`; port 0 takes a free one.
 * An error thrown by the handler is logged by its message and answered 500.
 */
export async function listenOnLoopback(port: number, handle: RequestHandler): Promise<LoopbackServer> {
  if (process.env.NODE_ENV === "production") {
    throw new Error("the embedded servers are for development and refuse to start with NODE_ENV=production");
  }
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => {
    // Browsers send Origin with every POST, even after DNS rebinding to 127.0.0.1. Our clients never do.
    if (req.headers.origin) return sendJson(res, 403, `{"message":"not for browsers"}`);
    handle(req, res).catch((error: unknown) => answerFailure(res, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise<void>((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
      }),
  };
}

export function sendJson(res: ServerResponse, status: number, json: string): void {
  const body = Buffer.from(json);
  res.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  res.end(body);
}

function answerFailure(res: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message || error.name : String(error);
  console.error(`request failed: ${message}`);
  if (res.headersSent) res.destroy();
  else sendJson(res, 500, JSON.stringify({ message, error: message }));
}
