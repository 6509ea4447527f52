import { forbiddenTarget, isListedHost } from "./target-policy.ts";

/** Which addresses the simulated chargers of an organisation may connect to. */
export interface WsUrlRules {
  allowPrivateTargets: boolean;
  /** Allowed hosts; `*.example.com` allows all subdomains; null: any public host. */
  hosts: readonly string[] | null;
}

/**
 * Why a simulated charger may not connect to this address; null: it may. It is checked again before every connection.
 */
export function wsUrlProblem(text: string, rules: WsUrlRules): string | null {
  if (!/^wss?:\/\//i.test(text)) return "ws_url must start with ws:// or wss://";
  if (/[\s\\]/.test(text) || !URL.canParse(text)) return "ws_url must be a valid URL with a host";
  if (text.includes("#")) return "ws_url must not contain a fragment";
  if (authorityOf(text).includes("@")) return "ws_url must not contain user information";
  const url = new URL(text);
  if (!rules.allowPrivateTargets && forbiddenTarget(url) !== null)
    return "ws_url must not point to a loopback, private or otherwise reserved address";
  if (rules.hosts === null || isListedHost(url, rules.hosts)) return null;
  return "ws_url must point to a host that the organisation allows";
}

/** Authority part of a URL as written, because the URL parser drops empty user information (`ws://@host`). */
function authorityOf(text: string): string {
  return text.split(/[/?#]/)[2] ?? "";
}
