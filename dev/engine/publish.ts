import { createHash } from "node:crypto";
import { classifyItem, type Item, type PublishRules, type RawItem } from "./classify-item.ts";
import type { Engine } from "./engine.ts";
import { Refusal } from "./api-answer.ts";

export interface Published {
  messageId?: string;
  workflowRunId?: string;
  workflowCreatedAt?: number;
  deduplicated?: true;
}

export type Outcome = Published | { error: string; status: number };

const dedupWindowMs = 600_000;

/** Stores all acceptable items in one transaction. @returns one outcome per item, in the same order */
export function publishItems(engine: Engine, items: RawItem[]): Outcome[] {
  const { faults } = engine;
  if (faults.publishAnswer && faults.publishAnswer.count > 0) {
    faults.publishAnswer.count--;
    throw new Refusal(faults.publishAnswer.status, "refused by a test");
  }
  const rules = publishRules(engine);
  return engine.db.transaction(() =>
    items.map((item, position) => {
      if (items.length > 1 && faults.refuseItems.includes(position))
        return { error: "refused by a test", status: 500 };
      return publishItem(engine, rules, item);
    }),
  );
}

function publishItem(engine: Engine, rules: PublishRules, raw: RawItem): Outcome {
  try {
    const item = classifyItem(raw, rules);
    engine.stats.countPublished(raw.body.length);
    return store(engine, { ...item, delayMs: item.delayMs * engine.timeScale }, raw.headers);
  } catch (err) {
    if (err instanceof Refusal) return { error: err.message, status: err.status };
    throw err;
  }
}

function publishRules(engine: Engine): PublishRules {
  return {
    limits: engine.limits,
    isAllowed: engine.isAllowed,
    nowMs: () => engine.clock.nowMs(),
  };
}

function store(engine: Engine, item: Item, headers: Record<string, string>): Published {
  if (item.kind === "start") return startRun(engine, item);
  if (item.kind === "plain") return publishPlain(engine, item, headers);
  const appended = engine.runs.append(item.runId, item.url, item.body, item.delayMs);
  if ("messageId" in appended) return appended;
  if (appended.refusal === "limit") throw new Refusal(412, `workflow run ${item.runId} is over its limits`);
  throw new Refusal(400, `workflow run ${item.runId} is not running`);
}

function startRun(
  engine: Engine,
  { runId, url, config, body, delayMs }: Item & { kind: "start" },
): Published {
  const { runs, faults } = engine;
  const known = faults.reuseRunIds ? runs.findLive(runId) : runs.findKnown(runId);
  if (known) return { workflowRunId: runId, workflowCreatedAt: known.created_at, deduplicated: true };
  const { messageId, createdAtMs } = runs.start(runId, url, config, body, delayMs);
  return { messageId, workflowRunId: runId, workflowCreatedAt: createdAtMs };
}

function publishPlain(
  { dedup, messages, configs }: Engine,
  { url, body, config, delayMs, dedupId }: Item & { kind: "plain" },
  headers: Record<string, string>,
): Published {
  const isByContent = headers["upstash-content-based-deduplication"] === "true";
  const id = dedupId ?? (isByContent ? contentHash(url, body, config.headers) : undefined);
  const earlier = id === undefined ? undefined : dedup.find(id);
  if (earlier !== undefined) return { messageId: earlier, deduplicated: true };
  const configId = configs.intern(config);
  const messageId = messages.insert({ kind: "plain", runPk: null, idx: null, configId, url, body, delayMs });
  if (id !== undefined) dedup.remember(id, messageId, dedupWindowMs);
  return { messageId };
}

function contentHash(url: string, body: string, headers: Record<string, string>): string {
  return `content:${createHash("sha256")
    .update(JSON.stringify([url, headers, body]))
    .digest("hex")}`;
}
