import { z } from "@hono/zod-openapi";
import { guardConfiguration } from "../../../commands/guard-configuration.ts";
import { forbiddenUrls } from "../../../commands/guard-targets.ts";
import type { ConfigurationStatus } from "../../../ocpp/commands.ts";
import type { JsonObject } from "../../../ocpp/json.ts";
import { InvalidRequest } from "../../operation/receive.ts";
import { examineWith, type Finding, tooLong, valueError } from "../findings.ts";
import { text } from "../schemas/fields.ts";
import { type Reached, singleOperation } from "./single-operation.ts";
import { SingleTarget } from "./target.ts";

const PAIRS_MAX = 100;
const LENGTHS = { key: 200, value: 1_000 } as const;
const LENGTHS_16 = { key: 50, value: 500 } as const;
const STATUSES = ["Accepted", "Rejected", "RebootRequired", "NotSupported"] as const;

const key = text({ min: 1, max: LENGTHS.key });
const value = text({ max: LENGTHS.value });
const Pairs = z.array(z.object({ key, value })).min(1).max(PAIRS_MAX);
const Values = z.record(z.string(), value);

const ConfigurationChangeResponse = z
  .object({
    status: z
      .enum(["Accepted", "RebootRequired", "Rejected"])
      .openapi({ description: "The worst of the keys" }),
    configured: z.array(z.string()).openapi({ description: "Keys that took effect" }),
    msg: z.string(),
    results: z.array(z.object({ key: z.string(), status: z.enum(STATUSES) })),
  })
  .openapi("ConfigurationChangeResponse", {
    example: {
      status: "Rejected",
      configured: ["HeartbeatInterval"],
      msg: "1 of 2 keys applied; NoSuchKey: NotSupported",
      results: [
        { key: "HeartbeatInterval", status: "Accepted" },
        { key: "NoSuchKey", status: "NotSupported" },
      ],
    },
  });

interface Pair {
  key: string;
  value: string;
}

export const configuration = singleOperation({
  name: "configuration",
  summary: "Set configuration",
  description:
    "Applies one or more OCPP configuration key-value pairs and returns each key as Accepted, Rejected, RebootRequired or NotSupported. In 2.x a key is `Component.Variable`, or the 1.6 key with the same meaning.",
  event: z.object({
    configuration: z.union([Pairs, Values]).openapi({
      description: "1 to 100 pairs, or one object; a key has 1 to 50 characters and a value 500 in OCPP 1.6",
    }),
  }),
  needsEvent: true,
  example: { configuration: [{ key: "HeartbeatInterval", value: "300" }] },
  examine: (raw) => {
    const isList =
      Array.isArray(eventOf(raw)?.["configuration"]) || !isObject(eventOf(raw)?.["configuration"]);
    const fields = z.object({ configuration: isList ? Pairs : Values });
    const examined = examineWith(z.object({ target: SingleTarget, event: fields }), raw, ["body"]);
    if ("findings" in examined || isList) return examined;
    // The keys as they were sent: the examined object has lost one that is named `__proto__`.
    const findings = findingsOfKeys(Object.keys(eventOf(raw)?.["configuration"] ?? {}));
    return findings.length > 0 ? { findings } : examined;
  },
  reachesExternal: true,
  success: { status: 200, description: "Result of each key", schema: ConfigurationChangeResponse },
  run: async (reached, { configuration: given }) => {
    const pairs = Array.isArray(given)
      ? given
      : Object.entries(given).map(([name, text]) => ({ key: name, value: text }));
    refuseLong(reached, given, pairs);
    await guardPairs(reached, pairs);
    return shown(await applied(reached, pairs));
  },
});

/**
 * Holds the pairs against what no road to a station may carry: passwords outside of their rotation, a lower security
 * profile, addresses that the target policy forbids.
 * @throws Forbidden, InvalidRequest
 */
async function guardPairs(
  { ports, organization, target, allowPrivateTargets }: Reached,
  pairs: readonly Pair[],
) {
  const ref = { organizationSlug: organization.slug, identity: target.identity, chargerId: target.chargerId };
  const rules = { ...organization, allowPrivateTargets };
  for (const pair of pairs) {
    const call = { action: "ChangeConfiguration", payload: { ...pair } };
    await guardConfiguration(ports, ref, call);
    const [forbidden] = forbiddenUrls(call, rules);
    if (forbidden)
      throw new InvalidRequest([
        valueError(`${pair.key}: ${forbidden.complaint}`, ["body", "event", "configuration"], undefined),
      ]);
  }
}

async function applied(
  reached: Reached,
  entries: Pair[],
): Promise<Array<{ key: string; status: ConfigurationStatus }>> {
  if (reached.target.runtime === "external") {
    const { results } = await reached.command(
      { kind: "changeConfigurations", entries },
      "configurationChanges",
    );
    return results.map(({ key: name, status }) => ({ key: name, status }));
  }
  const { results } = await reached.event({ kind: "configure", entries });
  const told = (Array.isArray(results) ? results : []) as JsonObject[];
  return entries.map(({ key: name }, index) => ({
    key: name,
    status: STATUSES.find((known) => known === told[index]?.["status"]) ?? "NotSupported",
  }));
}

function shown(results: Array<{ key: string; status: ConfigurationStatus }>) {
  const has = (...statuses: ConfigurationStatus[]) => results.some(({ status }) => statuses.includes(status));
  const configured = results.filter(({ status }) => status === "Accepted").map(({ key: name }) => name);
  const others = results
    .filter(({ status }) => status !== "Accepted")
    .map(({ key: name, status }) => `${name}: ${status}`);
  const status = has("Rejected", "NotSupported")
    ? "Rejected"
    : has("RebootRequired")
      ? "RebootRequired"
      : "Accepted";
  const counted = `${configured.length} of ${results.length} keys applied`;
  return { status, configured, msg: [counted, ...others].join("; "), results } as const;
}

/** @throws InvalidRequest: a key or a value is longer than OCPP 1.6 allows */
function refuseLong({ target }: Reached, given: unknown, pairs: readonly Pair[]): void {
  if (target.version !== "ocpp1.6") return;
  const findings = pairs.flatMap((pair, index) =>
    (["key", "value"] as const).flatMap((field) => {
      const place = Array.isArray(given) ? [index, field] : [pair.key];
      const loc = ["body", "event", "configuration", ...place];
      return pair[field].length > LENGTHS_16[field] ? [tooLong(LENGTHS_16[field], loc, pair[field])] : [];
    }),
  );
  if (findings.length > 0) throw new InvalidRequest(findings);
}

function findingsOfKeys(keys: readonly string[]): Finding[] {
  const at = ["body", "event", "configuration"];
  if (keys.length < 1 || keys.length > PAIRS_MAX)
    return [valueError(`must have 1 to ${PAIRS_MAX} keys`, at, undefined)];
  return keys.flatMap((name) => {
    if (name === "__proto__")
      return [valueError("no configuration key has this name", [...at, name], undefined)];
    const examined = examineWith(key, name, [...at, name]);
    return "findings" in examined ? examined.findings : [];
  });
}

function isObject(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === "object" && raw !== null;
}

function eventOf(raw: unknown): Record<string, unknown> | null {
  const event = isObject(raw) ? raw["event"] : null;
  return isObject(event) ? event : null;
}
