import type { DeliveryConfig } from "./config-table.ts";
import type { CallbackInfo, DeadLetter } from "./dead-letter-table.ts";
import type { Engine } from "./engine.ts";
import type { AttemptError, MessageRow } from "./message-table.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { RunRow } from "./run-table.ts";
import type { Answer } from "./send-request.ts";

/** The failure function of a run as `client.logs` shows it. */
export interface FailureLog extends CallbackInfo {
  messageId: string;
  url: string;
  failHeaders: Record<string, string[]>;
  failStatus: number;
  failResponse: string;
  dlqId: string;
  errors?: AttemptError[];
}

const nonRetryableStatus = 489;
const notWorkflow = "detected a non-workflow destination for trigger/invoke";
const errorBodyLengthMax = 2000;

/** Decides by the answer to an attempt: delivered, to be retried, or a dead letter. */
export function settleDelivery(
  engine: Engine,
  message: MessageRow,
  run: RunRow | undefined,
  answer: Answer,
): void {
  const isSuccess = answer.status >= 200 && answer.status < 300;
  const isFirstOfRun = message.kind === "step" && message.idx === 0;
  if (isSuccess && isFirstOfRun && !answer.headers["Upstash-Workflow-Sdk-Version"]) {
    const refused = { ...answer, body: notWorkflow };
    const kept = [...attemptErrors(message), attemptError(refused, engine.clock.nowMs())];
    return giveUp(engine, message, run, refused, kept);
  }
  if (isSuccess && message.kind === "failure" && run) return settleCallback(engine, message, run, answer);
  if (isSuccess) return engine.messages.complete(message.pk);
  const config = engine.configs.get(message.config_id);
  const errors = [...attemptErrors(message), attemptError(answer, engine.clock.nowMs())];
  if (answer.status === nonRetryableStatus || message.retried >= config.retries) {
    return giveUp(engine, message, run, answer, errors);
  }
  const delayMs = retryDelayMs(message.retried, config.retryDelay, answer.headers, engine.clock.nowMs());
  engine.db.transaction(() => engine.messages.postpone(message, errors, delayMs * engine.timeScale));
}

function giveUp(
  engine: Engine,
  message: MessageRow,
  run: RunRow | undefined,
  answer: Answer,
  errors: AttemptError[],
): void {
  engine.db.transaction(() => {
    if (message.kind === "failure") return failCallback(engine, message, run, answer, errors);
    if (run) {
      engine.runs.end(run.run_id, "RUN_FAILED", null);
      engine.runs.keepUndelivered(run.pk, [{ messageId: message.message_id, errors }]);
    } else {
      engine.messages.remove(message.pk);
    }
    const config = engine.configs.get(message.config_id);
    const letter = engine.deadLetters.add(deadLetter(engine, message, run, answer, config));
    const messageId = scheduleCallback(engine, message, run, answer, config, letter);
    if (run)
      engine.runs.setFailure(run.pk, letter.dlqId, failureLog(messageId, config, answer, letter.dlqId));
  });
}

function failureLog(messageId: string | undefined, config: DeliveryConfig, answer: Answer, dlqId: string) {
  if (messageId === undefined || !config.failure) return null;
  const log: FailureLog = {
    messageId,
    url: config.failure.url,
    state: "CALLBACK_INPROGRESS",
    failHeaders: answer.headers,
    failStatus: answer.status,
    failResponse: answer.body || answer.error,
    dlqId,
  };
  return log;
}

function deadLetter(
  engine: Engine,
  message: MessageRow,
  run: RunRow | undefined,
  answer: Answer,
  config: DeliveryConfig,
): Omit<DeadLetter, "dlqId" | "createdAt"> {
  return {
    messageId: message.message_id,
    url: message.url,
    method: config.method,
    header: listed(config.headers),
    body: initialBody(engine, message, run),
    maxRetries: config.retries,
    ...(run ? { workflowRunId: run.run_id, workflowCreatedAt: run.created_at, workflowUrl: run.url } : {}),
    responseStatus: answer.status,
    responseHeader: answer.headers,
    responseBody: answer.body || answer.error,
    ...(config.flow ? { flowControlKey: config.flow.key } : {}),
    ...(config.failure
      ? { failureCallback: config.failure.url, failureCallbackInfo: { state: "CALLBACK_INPROGRESS" } }
      : {}),
    ...(config.labels.length > 0 ? { label: config.labels[0], labels: config.labels } : {}),
  };
}

function scheduleCallback(
  engine: Engine,
  message: MessageRow,
  run: RunRow | undefined,
  answer: Answer,
  config: DeliveryConfig,
  { dlqId, header, body, createdAt }: DeadLetter,
): string | undefined {
  if (!config.failure) return undefined;
  const { url } = config.failure;
  const report = {
    status: answer.status,
    header: answer.headers,
    body: Buffer.from(answer.body || answer.error).toString("base64"),
    retried: message.retried,
    maxRetries: config.retries,
    dlqId,
    sourceMessageId: message.message_id,
    url: message.url,
    method: config.method,
    sourceHeader: header,
    sourceBody: Buffer.from(body).toString("base64"),
    ...(run ? { workflowRunId: run.run_id, workflowCreatedAt: run.created_at } : {}),
    createdAt,
  };
  const configId = engine.configs.intern(config.failure.config);
  const runPk = run?.pk ?? null;
  return engine.messages.insert({
    kind: "failure",
    runPk,
    idx: null,
    configId,
    url,
    body: JSON.stringify(report),
    delayMs: 0,
  });
}

function settleCallback(engine: Engine, message: MessageRow, run: RunRow, answer: Answer): void {
  const isMissing = answer.headers["Upstash-Workflow-Failure-Callback-Notfound"]?.[0] === "true";
  engine.db.transaction(() => {
    engine.messages.remove(message.pk);
    updateCallback(engine, run, {
      state: isMissing ? "CALLBACK_FAIL" : "CALLBACK_SUCCESS",
      responseStatus: answer.status,
      responseBody: isMissing ? "failure function not found" : answer.body,
      responseHeaders: answer.headers,
    });
  });
}

function failCallback(
  engine: Engine,
  message: MessageRow,
  run: RunRow | undefined,
  answer: Answer,
  errors: AttemptError[],
): void {
  engine.messages.remove(message.pk);
  if (!run) return;
  const { status, body, headers } = answer;
  const info = { responseStatus: status, responseBody: body || answer.error, responseHeaders: headers };
  updateCallback(engine, run, { state: "CALLBACK_FAIL", ...info }, errors);
}

function updateCallback(engine: Engine, run: RunRow, info: CallbackInfo, errors?: AttemptError[]): void {
  const failure = JSON.parse(engine.runs.find(run.pk)?.failure ?? "{}") as FailureLog;
  engine.runs.setFailure(run.pk, failure.dlqId, { ...failure, ...info, ...(errors ? { errors } : {}) });
  engine.deadLetters.setCallback(failure.dlqId, info);
}

function initialBody(engine: Engine, message: MessageRow, run: RunRow | undefined): string {
  return run ? (engine.runs.steps(run.pk, 0)[0]?.body ?? "") : (message.body ?? "");
}

function attemptErrors(message: MessageRow): AttemptError[] {
  return message.errors === null ? [] : (JSON.parse(message.errors) as AttemptError[]);
}

function attemptError({ status, body, headers, error }: Answer, time: number): AttemptError {
  return { error, body: body.slice(0, errorBodyLengthMax), headers, status, time };
}

function listed(headers: Record<string, string>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}
