import { forbiddenTarget, isListedHost } from "./target-policy.ts";

/** Where the simulated chargers of an organisation may connect. */
export interface WsUrlRules {
  allowPrivateTargets: boolean;
  /** `*.example.com` stands for all below it; null: any public host. */
  hosts: readonly string[] | null;
}

/**
 * Why a simulated charger may not connect to this address, or null when it may. The name is looked at again when
 * connecting.
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

/** As written: the URL standard drops empty user information (`ws://@host`). */
function authorityOf(text: string): string {
  return text.split(/[/?#]/)[2] ?? "";
}
