import type { IncomingHttpHeaders } from "node:http";
import type { RawItem } from "./classify-item.ts";
import { listBody } from "./delivery-content.ts";
import type { Engine } from "./engine.ts";
import { publishItems, type Outcome } from "./publish.ts";
import { runFilter } from "./run-filter.ts";
import { runLog } from "./run-log.ts";
import { runColumns, type RunRow } from "./run-table.ts";
import { Refusal, type ApiAnswer } from "./api-answer.ts";
import { answerTestRequest } from "./test-hooks.ts";

const CANCELS_MAX = 100;
const PAGE_SIZE = 10;

export interface ApiRequest {
  method: string;
  /** Raw request target: path and query, not decoded. */
  target: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The routes of the QStash API the engine knows. Throws Refusal. */
export function answerRequest(engine: Engine, request: ApiRequest): ApiAnswer {
  const { method, target } = request;
  const [path = "", search = ""] = splitOnce(target, "?");
  if (method === "POST" && path === "/v2/batch") {
    engine.stats.countCall("POST /v2/batch");
    return publishBatch(engine, request.body);
  }
  if (method === "POST" && path.startsWith("/v2/publish/")) {
    engine.stats.countCall("POST /v2/publish");
    return publishOne(engine, request);
  }
  const run = /^\/v2\/workflows\/runs\/([^/]+)$/.exec(path)?.[1];
  if (run !== undefined && (method === "GET" || method === "DELETE")) {
    engine.stats.countCall(`${method} /v2/workflows/runs/:id`);
    const runId = decodeURIComponent(run);
    const isCancel = new URLSearchParams(search).get("cancel") !== "false";
    return method === "GET" ? runList(engine, runId) : endRun(engine, runId, isCancel, request.body);
  }
  if (path.startsWith("/_test/") && engine.hasHooks)
    return answerTestRequest(engine, method, path, request.body);
  return answerQuery(engine, method, path, new URLSearchParams(search));
}

function answerQuery(engine: Engine, method: string, path: string, query: URLSearchParams): ApiAnswer {
  engine.stats.countCall(`${method} ${path}`);
  switch (`${method} ${path}`) {
    case "DELETE /v2/workflows/runs":
      return { status: 200, body: { cancelled: cancelRuns(engine, query) } };
    case "GET /v2/workflows/events":
    case "GET /v2/workflows/logs":
      return { status: 200, body: listRuns(engine, query) };
    case "GET /v2/dlq":
      return { status: 200, body: engine.deadLetters.list(query) };
    case "GET /v2/keys":
      return { status: 200, body: { current: engine.keys.currentKey, next: engine.keys.nextKey } };
    default:
      return { status: 404, body: { error: `unknown route ${method} ${path}` } };
  }
}

function publishBatch(engine: Engine, body: string): ApiAnswer {
  const items = parsedItems(body);
  const outcomes = publishItems(engine, items);
  const statuses = new Set(outcomes.map((outcome) => ("error" in outcome ? outcome.status : 0)));
  const [status = 0] = statuses;
  // The SDK reads no errors inside a batch; a common one must reach it as the status.
  if (statuses.size === 1 && status !== 0) return refusedAnswer(outcomes[0], status);
  return { status: 201, body: outcomes };
}

function publishOne(engine: Engine, { target, headers, body }: ApiRequest): ApiAnswer {
  const destination = target.slice("/v2/publish/".length);
  const [outcome] = publishItems(engine, [{ destination, headers: flatHeaders(headers), body }]);
  if (outcome && "error" in outcome) return refusedAnswer(outcome, outcome.status);
  return { status: outcome?.deduplicated ? 202 : 201, body: outcome };
}

function refusedAnswer(outcome: Outcome | undefined, status: number): ApiAnswer {
  return { status, body: { error: outcome && "error" in outcome ? outcome.error : "refused" } };
}

function runList(engine: Engine, runId: string): ApiAnswer {
  const run = engine.runs.findLive(runId);
  if (!run) throw new Refusal(404, `workflow run ${runId} not found`);
  return { status: 200, body: JSON.parse(listBody(engine.runs.steps(run.pk, Number.MAX_SAFE_INTEGER))) };
}

/** Cancels at most 100 live runs that the query names; the caller repeats until none is left. Returns their number. */
function cancelRuns(engine: Engine, query: URLSearchParams): number {
  const count = Math.min(CANCELS_MAX, Math.max(1, Number(query.get("count")) || CANCELS_MAX));
  const { where, values } = runFilter(query, query.get("workflowUrlExactMatch") !== "true");
  const live = engine.db.prepare<{ run_id: string }>(
    `SELECT run_id FROM runs WHERE state = 'RUN_STARTED' AND ${where} ORDER BY pk LIMIT ?`,
  );
  return engine.db.transaction(
    () =>
      live.all(...values, count).filter(({ run_id }) => engine.runs.end(run_id, "RUN_CANCELED", null)).length,
  );
}

/** One page of `client.logs`, newest run first. An empty cursor marks the last page. */
function listRuns(engine: Engine, query: URLSearchParams): { cursor: string; runs: object[] } {
  const count = Math.min(PAGE_SIZE, Math.max(1, Number(query.get("count")) || PAGE_SIZE));
  const beforePk = Number(query.get("cursor")) || Number.MAX_SAFE_INTEGER;
  const { where, values } = runFilter(query, false);
  const rows = engine.db
    .prepare<RunRow>(`SELECT ${runColumns} FROM runs WHERE pk < ? AND ${where} ORDER BY pk DESC LIMIT ?`)
    .all(beforePk, ...values, count + 1);
  const shown = rows.slice(0, count);
  return {
    cursor: rows.length > count ? String(shown.at(-1)?.pk) : "",
    runs: shown.map((run) => runLog(engine, run)),
  };
}

function endRun(engine: Engine, runId: string, isCancel: boolean, body: string): ApiAnswer {
  const isEnded = engine.db.transaction(() =>
    isCancel
      ? engine.runs.end(runId, "RUN_CANCELED", null)
      : engine.runs.end(runId, "RUN_SUCCESS", body === "" ? null : body),
  );
  // The final delivery of a run may come twice; its endpoint then ends the run a second time.
  if (!isEnded && !(!isCancel && engine.runs.hasEnded(runId)))
    throw new Refusal(404, `workflow run ${runId} not found`);
  return { status: 200, body: {} };
}

function parsedItems(body: string): RawItem[] {
  let items: unknown;
  try {
    items = JSON.parse(body);
  } catch {
    throw new Refusal(400, "the batch is not JSON");
  }
  if (!Array.isArray(items)) throw new Refusal(400, "the batch is not an array");
  return items.map(parsedItem);
}

function parsedItem(item: unknown): RawItem {
  if (typeof item !== "object" || item === null)
    throw new Refusal(400, "an item of the batch is not an object");
  const { destination, headers, body } = item as Record<string, unknown>;
  if (typeof destination !== "string") throw new Refusal(400, "an item of the batch has no destination");
  const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) flat[name.toLowerCase()] = String(value);
  return { destination, headers: flat, body: text };
}

function flatHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(",") : value;
  }
  return flat;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
