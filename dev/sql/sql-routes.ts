import type { IncomingMessage, ServerResponse } from "node:http";
import { sendJson } from "../part/loopback-server.ts";
import { readBody } from "../part/read-body.ts";
import { beginStatement } from "./begin-statement.ts";
import { PostgresError, postgresErrorFields } from "./executor.ts";
import type { SqlExecutor, Statement, StatementResult } from "./executor.ts";
import { parameterText } from "./parameter-text.ts";

/** The hosted proxy's limit for both directions. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

type SqlRequest = { single: Statement } | { batch: Statement[] };

/** `POST /sql` as the Neon HTTP driver speaks it, and `GET /healthz`. */
export async function handleSql(executor: SqlExecutor, req: IncomingMessage, res: ServerResponse) {
  if (req.method === "POST" && req.url === "/sql") return answerSql(executor, req, res);
  if (req.method === "GET" && req.url === "/healthz") return answerHealth(executor, res);
  sendMessage(res, 404, "not found");
}

async function answerHealth(executor: SqlExecutor, res: ServerResponse): Promise<void> {
  try {
    await executor.run({ query: "select 1", params: [] });
    sendJson(res, 200, `{"ok":true}`);
  } catch {
    sendJson(res, 503, `{"ok":false}`);
  }
}

async function answerSql(executor: SqlExecutor, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await readBody(req, BODY_BYTES_MAX);
  if (body === undefined)
    return sendMessage(res, 413, `request is too large (max is ${BODY_BYTES_MAX} bytes)`);
  if (!req.headers["neon-connection-string"]) return sendMessage(res, 400, "missing Neon-Connection-String");
  const request = parseRequest(body);
  if (!request) return sendMessage(res, 400, "the body is neither a query nor a list of queries");
  try {
    sendResult(res, await execute(executor, request, req));
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    sendJson(res, 400, postgresErrorJson(error));
  }
}

async function execute(executor: SqlExecutor, request: SqlRequest, req: IncomingMessage): Promise<string> {
  if ("single" in request) return resultJson(await executor.run(request.single));
  const results = await executor.runBatch(beginStatement(req.headers), request.batch);
  return `{"results":[${results.map(resultJson).join(",")}]}`;
}

function parseRequest(body: string): SqlRequest | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== "object" || value === null) return undefined;
    if ("queries" in value && Array.isArray(value.queries)) return { batch: value.queries.map(toStatement) };
    return { single: toStatement(value) };
  } catch {
    return undefined;
  }
}

function toStatement(value: unknown): Statement {
  if (typeof value !== "object" || value === null || !("query" in value)) throw new Error("not a statement");
  if (typeof value.query !== "string") throw new Error("the query is not a text");
  const params = "params" in value && Array.isArray(value.params) ? value.params : [];
  return { query: value.query, params: params.map(parameterText) };
}

function resultJson({ fields, rows, command, rowCount }: StatementResult): string {
  return JSON.stringify({ fields, rows, command, rowCount, rowAsArray: true });
}

function postgresErrorJson(error: PostgresError): string {
  const body: Record<string, string | null> = { message: error.message };
  for (const name of postgresErrorFields) body[name] = error.fields[name] ?? null;
  return JSON.stringify(body);
}

function sendResult(res: ServerResponse, json: string): void {
  if (json.length > BODY_BYTES_MAX || Buffer.byteLength(json) > BODY_BYTES_MAX) {
    sendMessage(res, 507, `response is too large (max is ${BODY_BYTES_MAX} bytes)`);
    return;
  }
  sendJson(res, 200, json);
}

function sendMessage(res: ServerResponse, status: number, message: string): void {
  sendJson(res, status, JSON.stringify({ message }));
}
