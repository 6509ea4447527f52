import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { answerRequest } from "./answer-request.ts";
import type { Engine } from "./engine.ts";
import { Refusal, type ApiAnswer } from "./api-answer.ts";

const bodyBytesMax = 64 * 1024 * 1024;
// Longer than clients keep an idle connection, so that none is closed while a client reuses it.
const keepAliveMs = 65_000;

export function createApiServer(engine: Engine): Server {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(engine.token);
  const isAuthorized = (token: string) => timingSafeEqual(digest(token), expected);
  const server = createServer((request, response) => {
    void handle(engine, request, isAuthorized).then(({ status, body }) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      response.writeHead(status, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
      });
      response.end(text);
    });
  });
  server.keepAliveTimeout = keepAliveMs;
  return server;
}

async function handle(
  engine: Engine,
  request: IncomingMessage,
  isAuthorized: (token: string) => boolean,
): Promise<ApiAnswer> {
  try {
    const { target, token } = withoutToken(request);
    if (target === "/healthz") return { status: 200, body: { ok: true } };
    if (!isAuthorized(token)) return { status: 401, body: { error: "invalid token" } };
    const body = await readBody(request);
    if (engine.isClosed) return { status: 503, body: { error: "the engine is stopping" } };
    return answerRequest(engine, { method: request.method ?? "GET", target, headers: request.headers, body });
  } catch (err) {
    if (err instanceof Refusal) return { status: err.status, body: { error: err.message } };
    console.error("engine: request failed", err);
    return { status: 500, body: { error: "internal error" } };
  }
}

/** The token comes in the Authorization header or in the query, from which it is removed. */
function withoutToken({ url = "/", headers }: IncomingMessage): { target: string; token: string } {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return { target: url, token: bearer };
  const inQuery = /([?&])qstash_token=([^&]*)(&|$)/.exec(url);
  if (!inQuery) return { target: url, token: "" };
  const [found, before = "", value = "", after = ""] = inQuery;
  return { target: url.replace(found, after === "&" ? before : ""), token: decodeURIComponent(value) };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyBytesMax) throw new Refusal(413, "request is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
