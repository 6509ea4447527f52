import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface Outgoing {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
}

/** Status 0 = the endpoint gave no answer; `error` then says why. */
export interface Answer {
  status: number;
  headers: Record<string, string[]>;
  body: string;
  error: string;
}

export interface Sender {
  send(outgoing: Outgoing): Promise<Answer>;
  close(): void;
}

const bodyBytesMax = 1024 * 1024;
// Below the 5 s after which a Node server closes an idle connection.
const idleMs = 4000;

/** Keep-alive client for deliveries; never rejects and follows no redirect. */
export function createSender(): Sender {
  const options = { keepAlive: true, timeout: idleMs };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    async send(outgoing) {
      const first = await attempt(outgoing, agents);
      // The endpoint closed a kept-alive connection during the write and has not seen the request: send it again.
      return first === "stale" ? asAnswer(await attempt(outgoing, agents)) : first;
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function asAnswer(result: Answer | "stale"): Answer {
  return result === "stale" ? noAnswer("connection reset") : result;
}

function noAnswer(error: string): Answer {
  return { status: 0, headers: {}, body: "", error };
}

function attempt(
  { url, method, headers, body, timeoutMs }: Outgoing,
  agents: { http: HttpAgent; https: HttpsAgent },
): Promise<Answer | "stale"> {
  return new Promise((resolve) => {
    let request: ClientRequest;
    try {
      request = url.startsWith("https:")
        ? httpsRequest(url, { method, headers, agent: agents.https })
        : httpRequest(url, { method, headers, agent: agents.http });
    } catch (err) {
      return resolve(noAnswer(err instanceof Error ? err.message : "invalid request"));
    }
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on("response", (response) => {
      collect(response, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
    request.on("error", (err) => {
      clearTimeout(timer);
      const isReset = "code" in err && (err.code === "ECONNRESET" || err.code === "EPIPE");
      resolve(request.reusedSocket && isReset ? "stale" : noAnswer(err.message));
    });
    request.end(body);
  });
}

/** Reads a body up to its limit. The status alone decides about a delivery. */
function collect(response: IncomingMessage, done: (answer: Answer) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const answer = () => {
    const status = response.statusCode ?? 0;
    const body = chunks.length === 0 ? "" : Buffer.concat(chunks).toString("utf8", 0, bodyBytesMax);
    done({ status, headers: canonicalHeaders(response.rawHeaders), body, error: "" });
  };
  response.on("data", (chunk: Buffer) => {
    if (size >= bodyBytesMax) return;
    size += chunk.length;
    chunks.push(chunk);
    if (size < bodyBytesMax) return;
    answer();
    response.destroy();
  });
  response.on("error", (err) => done(noAnswer(err.message)));
  response.on("end", answer);
}

const canonicalNames = new Map<string, string>();
const canonicalNamesMax = 500;

/** Header names as Go's net/http writes them (`Retry-After`), all values kept. */
function canonicalHeaders(rawHeaders: string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    (headers[canonicalName(rawHeaders[at] ?? "")] ??= []).push(rawHeaders[at + 1] ?? "");
  }
  return headers;
}

function canonicalName(name: string): string {
  const known = canonicalNames.get(name);
  if (known !== undefined) return known;
  const canonical = name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
  if (canonicalNames.size < canonicalNamesMax) canonicalNames.set(name, canonical);
  return canonical;
}
