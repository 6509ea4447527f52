import { z } from "@hono/zod-openapi";
import { forbiddenTarget, isListedHost } from "../../../fleet/target-policy.ts";
import { redact } from "../../../ocpp/redact.ts";
import { InvalidRequest } from "../../operation/receive.ts";
import type { Issue } from "../issues.ts";
import type { CommandCall } from "./command-operation.ts";

type TransferCall = Pick<CommandCall<{ location: string }>, "c" | "organization" | "body">;

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

/** @throws InvalidRequest for hosts inside somebody's network, and for those that the organisation does not list. */
export function assertAllowedTarget({ c, organization, body: { location } }: TransferCall): void {
  const url = new URL(location);
  const reason = c.get("config").ALLOW_PRIVATE_TARGETS ? null : forbiddenTarget(url);
  if (reason !== null) throw refused(`must be a public host (${reason})`);
  const { transferHosts } = organization;
  if (transferHosts !== null && !isListedHost(url, transferHosts))
    throw refused("must be a host that the organisation allows");
}

function refused(complaint: string): InvalidRequest<Issue> {
  const message = `location ${complaint}`;
  return new InvalidRequest([{ location: "body", path: ["location"], code: "not_allowed", message }]);
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
