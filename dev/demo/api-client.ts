import { z } from "zod";

const REQUEST_TIMEOUT_MS = 60_000;

/** An answer of the API that the demo does not expect. */
export class UnexpectedAnswer extends Error {
  readonly status: number;
  constructor(request: string, status: number, body: string) {
    super(`${request} answered ${status}: ${body.slice(0, 500)}`);
    this.status = status;
  }
}

export interface Answer<T> {
  body: T;
  headers: Headers;
  /** From sending the request to the last byte of its answer. */
  elapsedMs: number;
}

export interface ApiClient {
  get<T>(path: string, schema: z.ZodType<T>): Promise<Answer<T>>;
  post<T>(
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
}

/** Calls both surfaces with one API key. */
export function apiClient(baseUrl: string, apiKey: string): ApiClient {
  const credentials = { authorization: `Bearer ${apiKey}`, "x-api-key": apiKey };
  async function send<T>(path: string, init: RequestInit, schema: z.ZodType<T>): Promise<Answer<T>> {
    const startedAt = performance.now();
    const answer = await fetch(`${baseUrl}${path}`, {
      ...init,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await answer.text();
    const elapsedMs = performance.now() - startedAt;
    const parsed = answer.ok ? schema.safeParse(JSON.parse(text)) : undefined;
    if (!parsed?.success) throw new UnexpectedAnswer(`${init.method} ${path}`, answer.status, text);
    return { body: parsed.data, headers: answer.headers, elapsedMs };
  }
  return {
    get: (path, schema) => send(path, { method: "GET", headers: credentials }, schema),
    post: (path, body, schema, headers) => {
      const allHeaders = { ...credentials, "content-type": "application/json", ...headers };
      return send(path, { method: "POST", headers: allHeaders, body: JSON.stringify(body) }, schema);
    },
  };
}
