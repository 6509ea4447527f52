import { z } from "@hono/zod-openapi";
import { Policy } from "../../../errors.ts";
import { forbiddenTarget } from "../../../fleet/target-policy.ts";
import { redact } from "../../../ocpp/redact.ts";
import type { AppEnv } from "../../http/context.ts";
import type { Context } from "hono";

/** One spelling only: a parser that mends others would see another host, or another user, than the station does. */
const TRANSFER_URL = /^(?:https?|ftps?|sftp):\/\/[^\s\\\p{Cc}]+$/iu;
const SCHEMES_WITH_USER = ["ftp:", "ftps:", "sftp:"];
const INT32_MAX = 2_147_483_647;

/** Where a station fetches or puts a file: it opens the URL, we never do. */
export const transferFields = {
  location: z
    .string()
    .max(512)
    .refine(isTransferUrl, "must be an http, https, ftp, ftps or sftp URL; a user only with ftp, ftps, sftp")
    .openapi({ format: "uri" }),
  retries: z.int().min(0).max(INT32_MAX).optional(),
  retryInterval: z.int().min(0).max(INT32_MAX).optional().openapi({ description: "Seconds" }),
};

/** A time with its offset, as ISO 8601 in UTC. */
export const instant = z.iso
  .datetime({ offset: true, error: "must be an ISO 8601 time with an offset" })
  .transform((time) => new Date(time).toISOString());

/** @throws Policy for hosts inside somebody's network. */
export function assertPublicTarget(c: Context<AppEnv>, location: string): void {
  if (c.get("config").ALLOW_PRIVATE_TARGETS) return;
  const reason = forbiddenTarget(new URL(location));
  if (reason !== null) throw new Policy(`location must be a public host (${reason})`);
}

/** The URL without its user information. */
export function shownLocation(location: string): string {
  return String(redact(location));
}

function isTransferUrl(value: string): boolean {
  const url = TRANSFER_URL.test(value) ? URL.parse(value) : null;
  if (url === null || url.hostname === "") return false;
  return (url.username === "" && url.password === "") || SCHEMES_WITH_USER.includes(url.protocol);
}
