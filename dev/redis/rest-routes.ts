import type { IncomingMessage, ServerResponse } from "node:http";
import { sendJson } from "../part/loopback-server.ts";
import { readBody } from "../part/read-body.ts";
import type { RedisBackend } from "./backend.ts";
import { RedisError } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { runRequests } from "./run-requests.ts";
import type { ScriptCache } from "./script-cache.ts";

const BODY_BYTES_MAX = 10 * 1024 * 1024;

export type RestContext = { backend: RedisBackend; scripts: ScriptCache; token: string };

/** `POST /`, `/pipeline` and `/multi-exec` as the Upstash client speaks them, and `GET /healthz`. */
export async function handleRest(ctx: RestContext, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method === "GET" && req.url === "/healthz") return answerHealth(ctx, res);
  const body = await readBody(req, BODY_BYTES_MAX);
  if (req.headers.authorization !== `Bearer ${ctx.token}`) {
    return sendError(res, 401, "WRONGPASS invalid or missing auth token");
  }
  if (body === undefined)
    return sendError(res, 413, `ERR max request size exceeded (${BODY_BYTES_MAX} bytes)`);
  if (req.method !== "POST") return sendError(res, 405, "ERR only POST is supported");
  // The client sends back whatever it got; with one copy of the data there is nothing to synchronise.
  res.setHeader("upstash-sync-token", "local");
  const encode = req.headers["upstash-encoding"] === "base64" ? base64Reply : plainReply;
  const path = (req.url ?? "").replaceAll(/^\/+|\/+$/g, "");
  if (path === "") return answerSingle(ctx, body, encode, res);
  if (path === "pipeline" || path === "multi-exec") return answerList(ctx, path, body, encode, res);
  sendError(res, 404, "ERR unknown path");
}

async function answerHealth(ctx: RestContext, res: ServerResponse): Promise<void> {
  const isUp = await ctx.backend.pipeline([["PING"]]).then(
    ([reply]) => !(reply instanceof RedisError),
    () => false,
  );
  sendJson(res, isUp ? 200 : 503, JSON.stringify({ ok: isUp }));
}

async function answerSingle(ctx: RestContext, body: string, encode: Encode, res: ServerResponse) {
  const words = toWords(parseJson(body));
  if (!words) return sendError(res, 400, "ERR the body is not a command");
  const [reply = null] = await runRequests(ctx.backend, ctx.scripts, [words], false);
  sendJson(res, reply instanceof RedisError ? 400 : 200, itemJson(reply, encode));
}

async function answerList(ctx: RestContext, path: string, body: string, encode: Encode, res: ServerResponse) {
  const commands = toCommands(parseJson(body));
  if (!commands) return sendError(res, 400, "ERR the body is not a list of commands");
  try {
    const replies = await runRequests(ctx.backend, ctx.scripts, commands, path === "multi-exec");
    sendJson(res, 200, `[${replies.map((reply) => itemJson(reply, encode)).join(",")}]`);
  } catch (error) {
    if (!(error instanceof RedisError)) throw error;
    sendError(res, 400, error.message);
  }
}

type Encode = (reply: Reply) => unknown;

function itemJson(reply: Reply, encode: Encode): string {
  return JSON.stringify(reply instanceof RedisError ? { error: reply.message } : { result: encode(reply) });
}

/**
 * Strings as base64. The client expects a plain `OK` but decodes every string inside of an array,
 * where an `OK` is encoded like any other.
 */
function base64Reply(reply: Reply): unknown {
  const plain = plainReply(reply);
  return plain === "OK" ? plain : encodeStrings(plain);
}

function encodeStrings(plain: unknown): unknown {
  if (Array.isArray(plain)) return plain.map(encodeStrings);
  return typeof plain === "string" ? Buffer.from(plain).toString("base64") : plain;
}

function plainReply(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(plainReply);
  if (reply instanceof RedisError) return reply.message;
  return typeof reply === "object" && reply !== null ? reply.ok : reply;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toCommands(value: unknown): string[][] | undefined {
  if (!Array.isArray(value)) return undefined;
  const commands = value.map(toWords).filter((words) => words !== undefined);
  return commands.length === value.length ? commands : undefined;
}

/** The words of one command: numbers and null as their text, objects as JSON. */
function toWords(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.map((word) => (typeof word === "string" ? word : JSON.stringify(word)));
}

function sendError(res: ServerResponse, status: number, message: string): void {
  sendJson(res, status, JSON.stringify({ error: message }));
}
