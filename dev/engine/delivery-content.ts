import type { DeliveryConfig } from "./config-table.ts";
import type { Engine } from "./engine.ts";
import type { MessageRow } from "./message-table.ts";
import type { RunRow, StepRow } from "./run-table.ts";

export interface DeliveryContent {
  headers: Record<string, string>;
  body: string;
}

/** Headers and body of a delivery without its signature. They depend only on the message and the steps of its run. */
export function deliveryContent(
  engine: Engine,
  message: MessageRow,
  config: DeliveryConfig,
  run: RunRow | undefined,
): DeliveryContent {
  const headers: Record<string, string> = {
    "user-agent": "Upstash-QStash",
    "content-type": config.contentType,
    ...config.headers,
    "upstash-message-id": message.message_id,
    "upstash-retried": String(message.retried),
  };
  if (run) addRunHeaders(headers, message, run);
  if (message.kind !== "step" || !run) return { headers, body: message.body ?? "" };
  headers["content-type"] = "application/json";
  const body = listBody(engine.runs.steps(run.pk, message.idx ?? 0));
  const lazyBytes = engine.faults.lazyBytes ?? engine.lazyBytes;
  return { headers, body: config.canFetchLazily && body.length > lazyBytes ? "" : body };
}

/** The steps of a run as the SDK reads them: JSON with the bodies in base64. */
export function listBody(steps: StepRow[]): string {
  const elements = steps.map(
    ({ message_id, body }) =>
      `{"messageId":"${message_id}","body":"${Buffer.from(body).toString("base64")}","callType":"step"}`,
  );
  return `[${elements.join(",")}]`;
}

function addRunHeaders(headers: Record<string, string>, message: MessageRow, run: RunRow): void {
  headers["upstash-workflow-runid"] = run.run_id;
  headers["upstash-workflow-url"] = run.url;
  headers["upstash-workflow-createdat"] = String(run.created_at);
  headers["upstash-workflow-init"] = message.kind === "step" && message.idx === 0 ? "true" : "false";
  if (message.kind === "failure") headers["upstash-workflow-calltype"] = "failureCall";
}
