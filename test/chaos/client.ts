import { setTimeout as delay } from "node:timers/promises";
import type { CallVerdict, Ledger, Verdict } from "./ledger.ts";

/** What came back; status 0: the connection ended before the answer was there. */
export interface Reply {
  status: number;
  body: Record<string, unknown>;
}

export interface Credentials {
  apiKey: string;
  /** A user's token, which alone manages keys. */
  token: string;
}

const DEADLINE_MS = 90_000;

/** Sends requests of one organisation and counts what becomes of them. */
export class Client {
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #ledger: Ledger;

  constructor(url: string, credentials: Credentials, ledger: Ledger) {
    this.#url = url;
    this.#credentials = credentials;
    this.#ledger = ledger;
  }

  async send(operation: string, method: string, path: string, body?: unknown, key?: string): Promise<Reply> {
    const { apiKey, token } = this.#credentials;
    const shown = path.startsWith("/api/v1/auth/") ? token : apiKey;
    const reply = await request(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${shown}`,
        ...(shown === apiKey && { "x-api-key": apiKey }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(key !== undefined && { "idempotency-key": key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    this.#ledger.count(operation, reply.status);
    if (verdictOf(reply) === "unknown" && reply.status === 503) this.#ledger.maybes++;
    if (reply.status === 500) this.#ledger.odd("no 500", `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply;
  }

  /** Repeats a request with its key until it has an answer that stands, as a good client does. */
  async sendUntilAnswered(
    operation: string,
    method: string,
    path: string,
    body: unknown,
    key: string,
    attemptsMax: number,
  ): Promise<Reply[]> {
    const replies: Reply[] = [];
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const reply = await this.send(operation, method, path, body, key);
      replies.push(reply);
      const isOpen = reply.status === 0 || reply.status === 503 || reply.status === 409;
      if (!isOpen) break;
      await delay(300);
    }
    return replies;
  }
}

async function request(url: string, init: RequestInit): Promise<Reply> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
    const text = await response.text();
    return { status: response.status, body: parsed(text) };
  } catch (error) {
    return { status: 0, body: { error: String(error instanceof Error ? (error.cause ?? error) : error) } };
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : { value };
  } catch {
    return { text: text.slice(0, 200) };
  }
}

/** The whole text when nothing was stored; what follows it says that something is, or may be. */
const NOTHING_STORED = /service temporarily unavailable"/i;

/** What all attempts at one write together say. */
export function verdictOf(...replies: readonly Reply[]): Verdict {
  if (replies.some(({ status }) => status >= 200 && status < 300)) return "stored";
  const isOpen = ({ status, body }: Reply) =>
    status === 0 || status === 500 || (status === 503 && !NOTHING_STORED.test(JSON.stringify(body)));
  if (replies.some(isOpen)) return "unknown";
  return replies.every(({ status }) => status === 503) ? "unavailable" : "refused";
}

export const textIn = (body: Record<string, unknown>, name: string): string | null => {
  const value = body[name];
  return typeof value === "string" ? value : null;
};

/** What the API says about whether the station got a CALL; null: nothing. */
export function sentIn(body: Record<string, unknown>): boolean | null {
  const error = (body["error"] ?? {}) as Record<string, unknown>;
  const sent = error["sent"] ?? (error["details"] as Record<string, unknown> | undefined)?.["sent"];
  return typeof sent === "boolean" ? sent : null;
}

/** What became of a CALL, by the answer of a route of /api/v1 whose `accepted` status means that the station accepted. */
export function callVerdictOf({ status, body }: Reply, accepted: number): CallVerdict {
  if (status === accepted) return "accepted";
  if (status === 200) return "refused";
  if (sentIn(body) === false || (status >= 400 && status < 500)) return "unsent";
  return "unknown";
}
