import type { DeliveryConfig } from "./config-table.ts";
import type { Engine } from "./engine.ts";
import type { AttemptError } from "./message-table.ts";
import type { RunRow, StepRow, Undelivered } from "./run-table.ts";

interface StepJson {
  stepId: number;
  stepName: string;
  stepType: string;
  out?: unknown;
  concurrent: number;
  targetStep?: number;
}

interface StepLog extends StepJson {
  callType: "step";
  messageId: string;
  retries: number;
  state: "STEP_SUCCESS";
  createdAt: number;
  headers: Record<string, string[]>;
}

interface NextLog {
  messageId: string;
  stepName?: string;
  state: string;
  retries: number;
  retryDelay?: string;
  errors?: AttemptError[];
}

type Group = { type: "sequential" | "parallel"; steps: StepLog[] } | { type: "next"; steps: NextLog[] };

/** A run as `client.logs` shows it. */
export function runLog(engine: Engine, run: RunRow): object {
  const config = engine.configs.get(run.config_id);
  const { labels, retries } = config;
  const steps = engine.runs.steps(run.pk, Number.MAX_SAFE_INTEGER);
  const groups: Group[] = grouped(results(steps, retries));
  const next = nextSteps(engine, run, config);
  if (next.length > 0) groups.push({ type: "next", steps: next });
  return {
    workflowRunId: run.run_id,
    workflowUrl: run.url,
    workflowState: run.state,
    workflowRunCreatedAt: run.created_at,
    ...(run.completed_at === null ? {} : { workflowRunCompletedAt: run.completed_at }),
    ...(run.response === null ? {} : { workflowRunResponse: run.response }),
    ...(labels.length > 0 ? { label: labels[0], labels } : {}),
    ...(run.dlq_id === null ? {} : { dlqId: run.dlq_id }),
    ...(run.failure === null ? {} : { failureFunction: JSON.parse(run.failure) as object }),
    steps: groups,
  };
}

function results(steps: StepRow[], retries: number): StepLog[] {
  const seen = new Set<number>();
  const logs: StepLog[] = [];
  for (const { idx, message_id, body, created_at } of steps) {
    const step: StepJson =
      idx === 0
        ? { stepId: 0, stepName: "init", stepType: "Initial", out: body, concurrent: 1 }
        : (JSON.parse(body) as StepJson);
    // Planned steps and repeated results of at-least-once delivery are not shown.
    if (step.targetStep !== undefined || seen.has(step.stepId)) continue;
    seen.add(step.stepId);
    const where = { callType: "step", messageId: message_id, createdAt: created_at, headers: {} } as const;
    logs.push({ ...step, ...where, retries, state: "STEP_SUCCESS" });
  }
  return logs;
}

function grouped(logs: StepLog[]): Group[] {
  const groups: { type: "sequential" | "parallel"; steps: StepLog[] }[] = [];
  for (const log of logs) {
    const last = groups.at(-1);
    if (log.concurrent === 1) groups.push({ type: "sequential", steps: [log] });
    else if (last?.type === "parallel" && last.steps.length < log.concurrent) last.steps.push(log);
    else groups.push({ type: "parallel", steps: [log] });
  }
  return groups;
}

/** `retries` is the number of allowed retries of a step; its failed attempts so far are the errors. */
function nextSteps(engine: Engine, run: RunRow, { retries, retryDelay }: DeliveryConfig): NextLog[] {
  if (run.state === "RUN_STARTED") {
    const waiting = engine.messages.ofRun(run.pk).map(({ message_id, errors }) => ({
      messageId: message_id,
      errors: errors === null ? [] : (JSON.parse(errors) as AttemptError[]),
    }));
    return waiting.map((entry) =>
      nextLog({ ...entry, retries }, entry.errors.length > 0 ? "STEP_RETRY" : "STEP_PROGRESS", retryDelay),
    );
  }
  if (run.undelivered === null) return [];
  const state = run.state === "RUN_FAILED" ? "STEP_FAILED" : "STEP_CANCELED";
  return (JSON.parse(run.undelivered) as Undelivered[]).map((entry) =>
    nextLog({ ...entry, retries }, state, retryDelay),
  );
}

interface Waiting extends Undelivered {
  retries: number;
}

function nextLog({ messageId, retries, errors }: Waiting, state: string, retryDelay?: string): NextLog {
  const stepName = errors.at(-1)?.headers["Upstash-Error-Step-Name"]?.[0];
  return {
    messageId,
    state,
    retries,
    ...(stepName === undefined ? {} : { stepName }),
    ...(retryDelay === undefined ? {} : { retryDelay }),
    ...(errors.length > 0 ? { errors } : {}),
  };
}
