import { forbiddenTarget, isListedHost } from "./target-policy.ts";

/** Which addresses a station may be sent to for files. */
export interface TransferRules {
  allowPrivateTargets: boolean;
  /** Allowed hosts; `*.example.com` allows all subdomains; null: any public host. */
  hosts: readonly string[] | null;
}

/** Strict spelling. URL parsers repair other spellings in different ways: the station could see another host than we checked. */
const TRANSFER_URL = /^(?:https?|ftps?|sftp):\/\/[^\s\\\p{Cc}]+$/iu;
const SCHEMES_WITH_USER = ["ftp:", "ftps:", "sftp:"];

/** What is wrong with the spelling of the address of a file; null: nothing. */
export function transferUrlFault(text: string): string | null {
  const url = TRANSFER_URL.test(text) ? URL.parse(text) : null;
  const hasUser = url !== null && (url.username !== "" || url.password !== "");
  if (url !== null && url.hostname !== "" && (!hasUser || SCHEMES_WITH_USER.includes(url.protocol)))
    return null;
  return "must be an http, https, ftp, ftps or sftp URL; a user only with ftp, ftps, sftp";
}

/** Why a station may not load a file from or to this address; null: it may. The station opens it; the server does not. */
export function transferUrlProblem(
  text: string,
  { allowPrivateTargets, hosts }: TransferRules,
): string | null {
  const fault = transferUrlFault(text);
  if (fault !== null) return fault;
  const url = new URL(text);
  const reason = allowPrivateTargets ? null : forbiddenTarget(url);
  if (reason !== null) return `must be a public host (${reason})`;
  return hosts === null || isListedHost(url, hosts) ? null : "must be a host that the organisation allows";
}
