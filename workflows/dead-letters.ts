import type { Client } from "@upstash/workflow";
import type { DeadLetter } from "../src/ports.ts";
import { chargerSeqOf } from "../src/run-ids.ts";
import {
  CHARGER_PATH,
  DISPATCH_PATH,
  EFFECTS_PATH,
  LOCAL_LIST_PATH,
  SETTINGS_PATH,
  TAG_EFFECTS_PATH,
  TAG_JOB_PATH,
} from "./paths.ts";
import { wordOf } from "./step-failure.ts";

const PAGE = 100;

const WORK: Record<string, DeadLetter["work"]> = {
  [DISPATCH_PATH]: "batch",
  [CHARGER_PATH]: "charger",
  [EFFECTS_PATH]: "effects",
  [SETTINGS_PATH]: "settings",
  [TAG_EFFECTS_PATH]: "tagEffects",
  [TAG_JOB_PATH]: "tagJob",
  [LOCAL_LIST_PATH]: "localList",
};

/**
 * Reads one page of the engine's dead letter queue. The subject of a run is read from its label; bodies and headers
 * are not returned.
 */
export async function readDeadLetters(
  client: Client,
  cursor: string | null,
): Promise<{ letters: DeadLetter[]; cursor: string | null }> {
  const page = await client.dlq.list({ count: PAGE, ...(cursor === null ? {} : { cursor }) });
  const letters = page.messages.map((message): DeadLetter => ({
    id: message.dlqId,
    runId: message.workflowRunId,
    work: WORK[URL.parse(message.workflowUrl)?.pathname ?? ""] ?? "unknown",
    subjectId: message.labels?.[0] ?? message.label ?? "",
    seq: chargerSeqOf(message.workflowRunId),
    reason: wordOf(message.responseBody ?? ""),
    responseStatus: message.responseStatus,
    at: new Date(message.createdAt),
  }));
  return { letters, cursor: page.cursor || null };
}
