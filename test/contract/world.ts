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
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
}

/** Sends one request to the stack and reads the whole answer. */
export async function send({ method, path, headers = {}, body }: Sent): Promise<Answer> {
  const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
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
