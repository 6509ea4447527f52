import type { ReceiverAnswer } from "./ports.ts";

const DEADLINE_MS = 5_000;
const ANSWER_BYTES_MAX = 64 * 1024;

/** Posts a delivery to a receiver. Its answer is read to a bound, so that the connection can be used again, and then dropped. */
export async function postWebhook(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<ReceiverAnswer> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), DEADLINE_MS);
  const { signal } = deadline;
  try {
    const response = await fetch(url, { method: "POST", redirect: "manual", headers, body, signal });
    const answer = { status: response.status, retryAfter: response.headers.get("retry-after") };
    await skim(response.body).catch(() => undefined);
    return answer;
  } catch {
    return { status: null, retryAfter: null };
  } finally {
    clearTimeout(timer);
  }
}

async function skim(stream: ReadableStream<Uint8Array> | null): Promise<void> {
  if (stream === null) return;
  const reader = stream.getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    length += value.byteLength;
    if (length > ANSWER_BYTES_MAX) return reader.cancel();
  }
}
