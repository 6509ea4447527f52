import { createRoute } from "@hono/zod-openapi";
import type { z } from "zod";
import { NotFound, Policy } from "../../errors.ts";
import { acceptCharger } from "../../fleet/accept-charger.ts";
import { blueprintOf } from "../../fleet/blueprint.ts";
import { wsUrlReasonOf } from "../../fleet/expand-groups.ts";
import type { ChargerBlueprint } from "../../ports.ts";
import { accepted, sendRecorded } from "../http/accepted.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { claimOf } from "./claim.ts";
import { type Finding, valueError } from "./findings.ts";
import { locationOf } from "./lookups.ts";
import { operation } from "./operation.ts";
import { type Examined, examineWith } from "./receive.ts";
import { ChargerAcceptedResponse, CreateChargerRequest } from "./schemas/charger.ts";
import { bodyFailures, conflict, invalid, notFound } from "./schemas/error.ts";
import { IdempotencyHeader } from "./schemas/fields.ts";
import { AcceptedHeaders } from "./schemas/headers.ts";

type Body = z.output<typeof CreateChargerRequest>;

const route = createRoute({
  operationId: "createCharger",
  method: "post",
  path: "/ocpp/chargers",
  tags: ["chargers"],
  summary: "Create charger (durable)",
  description:
    "Stores a charger and provisions it in the background. Poll `status_url` every 1 to 2 s until READY or FAILED.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: {
    headers: IdempotencyHeader,
    body: { required: true, content: { "application/json": { schema: CreateChargerRequest } } },
  },
  responses: {
    202: {
      description: "Charger provisioning accepted; poll status_url",
      content: { "application/json": { schema: ChargerAcceptedResponse } },
      headers: AcceptedHeaders,
    },
    ...invalid,
    ...notFound,
    ...conflict,
    ...bodyFailures,
  },
});

export const createCharger = operation(
  route,
  {
    examine: (raw, c) => examineCharger(raw, { allowPrivateTargets: c.get("config").ALLOW_PRIVATE_TARGETS }),
  },
  async (c, { body, raw }) => {
    const claim = await claimOf(c, raw);
    const result = blueprintOfBody(body);
    if (!isResourceId(body.location_id)) throw new NotFound("Location", body.location_id);
    if (typeof result === "string") {
      await locationOf(c, body.location_id);
      throw new Policy(`Invalid charger data: ${result}`);
    }
    const { replayed, ...recorded } = await acceptCharger(
      c.get("ports"),
      {
        organization: c.get("organization"),
        locationId: body.location_id,
        blueprint: result,
        identity: body.identity,
        name: body.charge_point_name ?? null,
        claim,
        background: c.get("background"),
      },
      renderAccepted,
    );
    return sendRecorded(recorded, replayed);
  },
);

/** The blueprint, or why the catalog has none. */
function blueprintOfBody(body: Body): ChargerBlueprint | string {
  const result = blueprintOf({
    brandSlug: body.brand_slug,
    modelSlug: body.model_slug,
    ocppVersion: body.ocpp_version,
    connectorType: body.connector_type ?? null,
    wsUrl: body.ws_url ?? null,
    runtime: body.runtime ?? "simulated",
    locationName: body.location_name ?? null,
  });
  return result.kind === "ok" ? result.blueprint : result.reason;
}

/** The schema and what it cannot say: where a charger may connect is configuration. */
function examineCharger(raw: unknown, options: { allowPrivateTargets: boolean }): Examined<Body> {
  const examined = examineWith(CreateChargerRequest, raw, ["body"]);
  const findings = "findings" in examined ? examined.findings : [];
  const finding = targetFinding(raw, findings, options);
  return finding ? { findings: [...findings, finding].sort(bySchemaOrder) } : examined;
}

function targetFinding(
  raw: unknown,
  known: Finding[],
  options: { allowPrivateTargets: boolean },
): Finding | null {
  if (typeof raw !== "object" || raw === null || known.some(({ loc }) => loc[1] === "ws_url")) return null;
  const { ws_url: wsUrl, runtime } = raw as { ws_url?: unknown; runtime?: unknown };
  if (typeof wsUrl !== "string") return null;
  const reason = wsUrlReasonOf(wsUrl, runtime === "external" ? "external" : "simulated", options);
  return reason === null ? null : valueError(reason, ["body", "ws_url"], wsUrl);
}

function bySchemaOrder(a: Finding, b: Finding): number {
  const fields: Array<string | number | undefined> = Object.keys(CreateChargerRequest.shape);
  return fields.indexOf(a.loc[1]) - fields.indexOf(b.loc[1]);
}

function renderAccepted(charger: { chargerId: string; identity: string; jobId: string; published: boolean }) {
  const statusUrl = `/ocpp/chargers/${charger.chargerId}/status`;
  const body: z.input<typeof ChargerAcceptedResponse> = {
    charger_id: charger.chargerId,
    identity: charger.identity,
    status: charger.published ? "PROVISIONING" : "PENDING",
    status_url: statusUrl,
    workflow_run_id: charger.published ? `wfr_${charger.jobId}-0` : null,
  };
  return accepted(statusUrl, body);
}
