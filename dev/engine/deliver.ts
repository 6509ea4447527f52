import { deliveryContent } from "./delivery-content.ts";
import type { Engine } from "./engine.ts";
import type { MessageRow } from "./message-table.ts";
import { settleDelivery } from "./settle-delivery.ts";
import type { RunRow } from "./run-table.ts";
import type { Pending } from "./scheduler.ts";
import type { Answer, Outgoing } from "./send-request.ts";
import { signDelivery } from "./signature.ts";

/** Makes one delivery attempt of a due message and stores the outcome. */
export async function deliver(engine: Engine, pending: Pending): Promise<void> {
  const message = engine.messages.find(pending.pk);
  if (!message) return engine.scheduler.drop(pending.pk);
  const run = message.run_pk === null ? undefined : engine.runs.find(message.run_pk);
  const answer = await send(engine, message, run);
  // The run has ended or the engine has closed in the meantime: the answer is ignored.
  if (pending.isDropped || engine.isClosed) return;
  settleDelivery(engine, message, run, answer);
}

async function send(engine: Engine, message: MessageRow, run: RunRow | undefined): Promise<Answer> {
  const { faults } = engine;
  const config = engine.configs.get(message.config_id);
  const content = deliveryContent(engine, message, config, run);
  const once = () => {
    const { url } = message;
    const signature = faults.repeatToken
      ? firstToken(engine, message, content.body)
      : signDelivery(engine.keys, url, content.body, faults.signature);
    const headers: Record<string, string> = {
      ...content.headers,
      "content-length": String(Buffer.byteLength(content.body)),
    };
    if (signature) headers["upstash-signature"] = signature;
    const timeoutMs = faults.deliveryTimeoutMs ?? config.timeoutMs ?? engine.timeoutMs;
    return sendCounted(engine, message, {
      url,
      method: config.method,
      headers,
      body: content.body,
      timeoutMs,
    });
  };
  const count = ++engine.deliveryCount;
  const isDuplicated = faults.duplicateEvery > 0 && count % faults.duplicateEvery === 0;
  const answer = isDuplicated ? await sendTwice(engine, once) : await once();
  const isLost =
    faults.loseResponseEvery > 0 && message.retried === 0 && count % faults.loseResponseEvery === 0;
  return isLost ? { status: 0, headers: {}, body: "", error: "answer lost by a test" } : answer;
}

function firstToken(engine: Engine, message: MessageRow, body: string): string | undefined {
  const known = engine.firstTokens.get(message.message_id);
  if (known !== undefined) return known;
  const token = signDelivery(engine.keys, message.url, body, engine.faults.signature);
  if (token !== undefined) engine.firstTokens.set(message.message_id, token);
  return token;
}

async function sendTwice(engine: Engine, once: () => Promise<Answer>): Promise<Answer> {
  engine.stats.countDuplicate();
  if (engine.faults.duplicateMode === "sequential") {
    const answer = await once();
    await once();
    return answer;
  }
  const [answer] = await Promise.all([once(), once()]);
  return answer;
}

async function sendCounted(engine: Engine, { kind }: MessageRow, outgoing: Outgoing): Promise<Answer> {
  engine.stats.countDelivery(kind, Buffer.byteLength(outgoing.body), outgoing.headers);
  const answer = await engine.sender.send(outgoing);
  engine.stats.countAnswer(answer.status);
  return answer;
}
