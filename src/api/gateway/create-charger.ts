import type { Context } from "hono";
import type { z } from "zod";
import { Policy } from "../../errors.ts";
import { acceptCharger } from "../../fleet/create/accept-charger.ts";
import { blueprintOf } from "../../fleet/create/blueprint.ts";
import type { ChargerBlueprint, IdempotencyClaim } from "../../ports.ts";
import { runId, runNames } from "../../run-ids.ts";
import { accepted, sendRecorded } from "../http/accepted.ts";
import type { AppEnv } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import { examineWithTarget, wsUrlRulesOf } from "./examine-target.ts";
import { locationOf } from "./lookups.ts";
import { defineOperation } from "./surface.ts";
import { ChargerAcceptedResponse, CreateChargerRequest } from "./schemas/charger.ts";
import { AcceptedHeaders } from "./schemas/headers.ts";

type Body = z.output<typeof CreateChargerRequest>;

export const createCharger = defineOperation({
  operationId: "createCharger",
  method: "post",
  path: "/ocpp/chargers",
  tag: "chargers",
  summary: "Create charger (durable)",
  description:
    "Stores a charger and provisions it in the background. Poll `status_url` every 1 to 2 s until READY or FAILED.",
  role: "operator",
  body: { schema: CreateChargerRequest, required: true },
  isIdempotent: true,
  success: {
    status: 202,
    description: "Charger provisioning accepted; poll status_url",
    schema: ChargerAcceptedResponse,
    headers: AcceptedHeaders,
  },
  refusals: [400, 404, 409],
  examine: (raw, c) => examineWithTarget(CreateChargerRequest, raw, wsUrlRulesOf(c)),
  handle: async ({ c, ports, organization, body, claim }) => {
    const result = blueprintOfBody(body);
    if (!isResourceId(body.location_id)) return replayOrRefuse(c, claim, body);
    if (typeof result === "string") return replayOrRefuse(c, claim, body, result);
    const { replayed, ...recorded } = await acceptCharger(
      ports,
      {
        organization,
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
});

/** Replays the recorded answer of the Idempotency-Key, which has precedence over 404 and 400. */
async function replayOrRefuse(
  c: Context<AppEnv>,
  claim: IdempotencyClaim | null,
  { location_id: locationId }: Body,
  reason = "unknown location",
) {
  const { jobs, clock } = c.get("ports");
  const recorded = claim && (await jobs.recorded(c.get("organization").id, claim, clock.now()));
  if (recorded) return sendRecorded(recorded, true);
  await locationOf(c, locationId);
  throw new Policy(`Invalid charger data: ${reason}`);
}

/** The blueprint of the body, or the reason why the catalog has none. */
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

function renderAccepted(charger: { chargerId: string; identity: string; jobId: string; published: boolean }) {
  const statusUrl = `/ocpp/chargers/${charger.chargerId}/status`;
  const body: z.input<typeof ChargerAcceptedResponse> = {
    charger_id: charger.chargerId,
    identity: charger.identity,
    status: charger.published ? "PROVISIONING" : "PENDING",
    status_url: statusUrl,
    workflow_run_id: charger.published ? runId(runNames.charger(charger.jobId, 0)) : null,
  };
  return accepted(statusUrl, body);
}
