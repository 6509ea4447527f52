import { forbiddenTarget } from "./target-policy.ts";

/**
 * Why a simulated charger may not connect to this address, or null when it may. The name is looked at again when
 * connecting.
 */
export function wsUrlProblem(text: string, options: { allowPrivateTargets: boolean }): string | null {
  if (!/^wss?:\/\//i.test(text)) return "ws_url must start with ws:// or wss://";
  if (/[\s\\]/.test(text) || !URL.canParse(text)) return "ws_url must be a valid URL with a host";
  if (text.includes("#")) return "ws_url must not contain a fragment";
  if (authorityOf(text).includes("@")) return "ws_url must not contain user information";
  if (options.allowPrivateTargets || forbiddenTarget(new URL(text)) === null) return null;
  return "ws_url must not point to a loopback, private or otherwise reserved address";
}

/** As written: the URL standard drops empty user information (`ws://@host`). */
function authorityOf(text: string): string {
  return text.split(/[/?#]/)[2] ?? "";
}
