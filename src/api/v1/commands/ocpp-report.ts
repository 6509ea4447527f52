import { z } from "@hono/zod-openapi";
import { NotFound } from "../../../errors.ts";
import type { OcppReport } from "../../../ports.ts";
import { chargeBoxId } from "../fields.ts";
import { defineOperation } from "../surface.ts";

const REQUEST_ID = /^-?\d{1,10}$/;

const report = z.object({
  requestId: z.int(),
  action: z.string().openapi({ description: "Action of the request", example: "GetBaseReport" }),
  complete: z.boolean().openapi({ description: "The last part has come, and none is missing" }),
  missing: z.array(z.int()).openapi({
    description: "Numbers of the parts that are missing, once the last one has come; at most 100",
  }),
  parts: z.array(z.record(z.string(), z.unknown())).openapi({
    description: "Payloads of the messages in their order, secrets masked",
  }),
});

export const getOcppReport = defineOperation({
  method: "get",
  path: "/chargers/{chargeBoxId}/ocpp/reports/{requestId}",
  operationId: "getOcppReport",
  summary: "Show the report that a charger sends in messages of their own, as far as it has come",
  description: "Of requests that were sent with `callOcpp`; kept for 24 hours after the request.",
  tag: "Any OCPP call",
  role: "viewer",
  // Another spelling than that of an integer is no id.
  params: z.object({ chargeBoxId, requestId: z.string().openapi({ type: "integer" }) }),
  success: { status: 200, description: "The report", schema: report },
  refusals: [404],
  handle: async ({ ports, organization, path }): Promise<OcppReport> => {
    const { chargeBoxId: identity, requestId } = path;
    const ref = { organizationSlug: organization.slug, identity };
    const found = await ports.sessions.report(ref, REQUEST_ID.test(requestId) ? Number(requestId) : NaN);
    if (found === null && !(await ports.chargers.findByIdentity(organization.id, identity)))
      throw new NotFound("Charger", identity);
    if (!found?.report) throw new NotFound("Report", requestId);
    return found.report;
  },
});
