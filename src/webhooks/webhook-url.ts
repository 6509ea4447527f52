import { forbiddenTarget } from "../fleet/address/target-policy.ts";

/** Which addresses deliveries may go to. */
export interface WebhookUrlRules {
  /** On the development stack: private targets and http. */
  allowPrivateTargets: boolean;
}

const LENGTH_MAX = 2048;
/** Strict spelling: URL parsers repair others in different ways. */
const SPELLING = /^https?:\/\/[^\s\\\p{Cc}]+$/iu;

/** Why deliveries may not go to this address; null: they may. Checked when a webhook is stored and before each attempt. */
export function webhookUrlProblem(text: string, { allowPrivateTargets }: WebhookUrlRules): string | null {
  if (text.length > LENGTH_MAX) return `must have at most ${LENGTH_MAX} characters`;
  const url = SPELLING.test(text) && text.isWellFormed() ? URL.parse(text) : null;
  if (url === null || url.hostname === "") return "must be an https URL";
  if (url.protocol !== "https:" && !allowPrivateTargets) return "must be an https URL";
  if ((text.split(/[/?#]/)[2] ?? "").includes("@")) return "must not contain user information";
  if (text.includes("#")) return "must not contain a fragment";
  const reason = allowPrivateTargets ? null : forbiddenTarget(url);
  return reason === null ? null : `must be a public host (${reason})`;
}
