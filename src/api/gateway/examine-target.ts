import type { Context } from "hono";
import type { z } from "zod";
import { wsUrlReasonOf } from "../../fleet/create/expand-groups.ts";
import type { WsUrlRules } from "../../fleet/address/ws-url.ts";
import type { AppEnv } from "../http/context.ts";
import type { Examined } from "../operation/operation.ts";
import { examineWith, type Finding, valueError } from "./findings.ts";

/** Where the chargers of the acting organisation may connect. */
export function wsUrlRulesOf(c: Context<AppEnv>): WsUrlRules {
  const { ALLOW_PRIVATE_TARGETS: allowPrivateTargets } = c.get("config");
  return { allowPrivateTargets, hosts: c.get("organization").wsUrlHosts };
}

/** Validates a body with `ws_url` by its schema and by the rules of allowed targets, which depend on configuration. */
export function examineWithTarget<S extends z.ZodObject>(
  schema: S,
  raw: unknown,
  rules: WsUrlRules,
): Examined<z.output<S>, Finding> {
  const examined = examineWith(schema, raw, ["body"]);
  const findings = "findings" in examined ? examined.findings : [];
  const finding = targetFinding(raw, "runtime" in schema.shape, findings, rules);
  if (!finding) return examined;
  const fields: Array<string | number | undefined> = Object.keys(schema.shape);
  const rank = ({ loc: [, field] }: Finding) =>
    fields.includes(field) ? fields.indexOf(field) : fields.length;
  return { findings: [...findings, finding].sort((a, b) => rank(a) - rank(b)) };
}

function targetFinding(
  raw: unknown,
  namesRuntime: boolean,
  known: Finding[],
  rules: WsUrlRules,
): Finding | null {
  if (typeof raw !== "object" || raw === null || known.some(({ loc }) => loc[1] === "ws_url")) return null;
  const { ws_url: wsUrl, runtime } = raw as { ws_url?: unknown; runtime?: unknown };
  if (typeof wsUrl !== "string") return null;
  const isExternal = namesRuntime && runtime === "external";
  const reason = wsUrlReasonOf(wsUrl, isExternal ? "external" : "simulated", rules);
  return reason === null ? null : valueError(reason, ["body", "ws_url"], wsUrl);
}
