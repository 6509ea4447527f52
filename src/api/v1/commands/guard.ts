import { guardConfiguration } from "../../../commands/guard-configuration.ts";
import { forbiddenUrls } from "../../../commands/guard-targets.ts";
import type { JsonObject } from "../../../ocpp/json.ts";
import { InvalidRequest } from "../../operation/receive.ts";
import type { OperationRequest } from "../../operation/operation.ts";
import type { Issue } from "../issues.ts";

type GuardedCall<B> = Pick<
  OperationRequest<{ chargeBoxId: string }, unknown, B>,
  "c" | "ports" | "organization" | "path" | "body"
>;

/**
 * Holds a command against what no road to a station may carry: passwords outside of their rotation, a lower security profile,
 * addresses that the target policy forbids. `action`: the OCPP request whose payload the body is, or is written like.
 * @throws Forbidden, InvalidRequest
 */
export async function guard<B extends object>(
  { c, ports, organization, path, body }: GuardedCall<B>,
  action: string,
): Promise<void> {
  const call = { action, payload: body as B & JsonObject };
  const ref = { organizationSlug: organization.slug, identity: path.chargeBoxId };
  await guardConfiguration(ports, ref, call);
  const rules = { ...organization, allowPrivateTargets: c.get("config").ALLOW_PRIVATE_TARGETS };
  const forbidden = forbiddenUrls(call, rules);
  if (forbidden.length > 0) throw new InvalidRequest(forbidden.map(issueOf));
}

function issueOf({ path, complaint }: { path: (string | number)[]; complaint: string }): Issue {
  return { location: "body", path, code: "not_allowed", message: `${path.join(".")} ${complaint}` };
}
