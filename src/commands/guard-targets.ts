import { forbiddenTarget } from "../fleet/address/target-policy.ts";
import { transferUrlProblem } from "../fleet/address/transfer-url.ts";
import { wsUrlProblem } from "../fleet/address/ws-url.ts";
import { urlUseOf, wordsOf, type OcppCall, type PlacedText } from "../ocpp/guarded-fields.ts";
import type { Organization } from "../ports.ts";

/** What the organisation and the deployment allow stations to open. */
export interface TargetRules extends Pick<Organization, "transferHosts" | "wsUrlHosts"> {
  allowPrivateTargets: boolean;
}

/** An address in a CALL that no station may be sent to. `complaint` follows the name of the field. */
export interface ForbiddenUrl {
  path: (string | number)[];
  complaint: string;
}

/** An address anywhere in a text. Parsers take any number of slashes and backslashes behind the scheme, also none. */
const URL_IN_TEXT = /\b(?:https?|wss?|ftps?|sftp):([\\/]*)([^\s"'<>\\/?#]+)/giu;

/**
 * Addresses in a CALL that the target policy forbids. A field that is an address by its schema has to be one in strict spelling
 * and of a host that the organisation allows; an address in any other text has to be of a public host.
 */
export function forbiddenUrls({ action, payload }: OcppCall, rules: TargetRules): ForbiddenUrl[] {
  return [...wordsOf(payload)].flatMap((placed) => {
    const complaint = complaintOf(action, placed, rules);
    return complaint === null ? [] : [{ path: [...placed.path], complaint }];
  });
}

function complaintOf(action: string, { path, text, isName }: PlacedText, rules: TargetRules): string | null {
  const { allowPrivateTargets, transferHosts, wsUrlHosts } = rules;
  switch (isName ? null : urlUseOf(action, path)) {
    case "transfer":
      return transferUrlProblem(text, { allowPrivateTargets, hosts: transferHosts });
    case "centralSystem":
      return wsUrlProblem(text, { allowPrivateTargets, hosts: wsUrlHosts })?.replace("ws_url ", "") ?? null;
    default:
      return allowPrivateTargets ? null : privateUrlIn(text);
  }
}

function privateUrlIn(text: string): string | null {
  // URL parsers drop tabs and line ends, wherever they stand.
  const texts = new Set([text, text.replaceAll(/[\t\r\n]/g, "")]);
  for (const [, slashes, authority = ""] of [...texts].flatMap((one) => [...one.matchAll(URL_IN_TEXT)])) {
    // Without slashes `ws:1` may be anything; with a dot or a bracket it is a host.
    if (slashes === "" && !/[.[]/.test(authority)) continue;
    const url = URL.parse(`http://${authority}/`);
    const reason = url && forbiddenTarget(url);
    if (reason) return `must not name a host that is not public (${reason})`;
  }
  return null;
}
