import { inject } from "vitest";
import type { Answer } from "../harness/openapi/conformance.ts";

/** The stack that all files of this lane share. */
export interface World {
  url: string;
  sqlUrl: string;
  dataDirectory: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    world: World;
  }
}

export const world = inject("world");

export interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, in place of a body. */
  text?: string;
}

/** Sends one request to the stack and reads the whole answer. */
export async function send({ method, path, headers = {}, body, text: raw }: Sent): Promise<Answer> {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const type: Record<string, string> = text === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(world.url + path, {
    method,
    headers: { ...type, ...headers },
    ...(text === undefined ? {} : { body: text }),
    redirect: "manual",
    signal: AbortSignal.timeout(60_000),
  });
  const answer = await response.text();
  const json: unknown = answer === "" ? null : JSON.parse(answer);
  return { status: response.status, headers: response.headers, body: json };
}
