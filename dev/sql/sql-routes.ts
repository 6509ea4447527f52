import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { DatabaseError } from "pg-protocol";
import { sendJson } from "../part/loopback-server.ts";
import { readBody } from "../part/read-body.ts";
import type { SqlExecutor, Statement, StatementResult } from "./executor.ts";

/** The hosted proxy's limit for both directions. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** What the hosted proxy tells of an error beside its message. */
const ERROR_FIELDS = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

const ISOLATION_LEVELS: Record<string, string> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

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
    if (!(error instanceof DatabaseError)) throw error;
    sendJson(res, 400, postgresErrorJson(error));
  }
}

async function execute(executor: SqlExecutor, request: SqlRequest, req: IncomingMessage): Promise<string> {
  if ("single" in request) return resultJson(await executor.run(request.single));
  const results = await executor.runBatch(beginStatement(req.headers), request.batch);
  return `{"results":[${results.map(resultJson).join(",")}]}`;
}

/** The BEGIN of a batch, from the Neon-Batch-* headers. */
function beginStatement(headers: IncomingHttpHeaders): string {
  const isolation = ISOLATION_LEVELS[String(headers["neon-batch-isolation-level"])];
  const modes = [
    isolation && `ISOLATION LEVEL ${isolation}`,
    accessMode(headers["neon-batch-read-only"], "READ ONLY", "READ WRITE"),
    accessMode(headers["neon-batch-deferrable"], "DEFERRABLE", "NOT DEFERRABLE"),
  ];
  return ["BEGIN", ...modes.filter(Boolean)].join(" ");
}

function accessMode(header: string | string[] | undefined, yes: string, no: string): string | undefined {
  if (header === undefined) return undefined;
  return header === "true" ? yes : no;
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

/**
 * The Postgres text of a JSON parameter. The Neon client sends strings and null only; the hosted proxy takes any JSON, and so
 * does this endpoint: arrays become array literals, objects stay JSON.
 */
export function parameterText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  return Array.isArray(value) ? arrayLiteral(value) : JSON.stringify(value);
}

function arrayLiteral(values: unknown[]): string {
  return `{${values.map(arrayElement).join(",")}}`;
}

function arrayElement(value: unknown): string {
  if (Array.isArray(value)) return arrayLiteral(value);
  const text = parameterText(value);
  if (text === null) return "NULL";
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function resultJson({ fields, rows, command, rowCount }: StatementResult): string {
  return JSON.stringify({ fields, rows, command, rowCount, rowAsArray: true });
}

function postgresErrorJson(error: DatabaseError): string {
  const fields = ERROR_FIELDS.map((name) => [name, error[name] ?? null]);
  return JSON.stringify({ message: error.message, ...Object.fromEntries(fields) });
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
