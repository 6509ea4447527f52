import { z } from "@hono/zod-openapi";
import type { FrameQuery, FrameRow } from "../../ports.ts";
import { NotFound } from "../../errors.ts";
import { isResourceId } from "../http/resource-id.ts";
import { parseDateTime } from "./parse-date-time.ts";
import { ChargerParams } from "./schemas/charger.ts";
import { dateTime, queryInteger, queryText } from "./schemas/fields.ts";
import { defineOperation } from "./surface.ts";

const INT32_MAX = 2_147_483_647;

/** A date-time in a query string as epoch ms, which may have a fraction. An empty value counts as absent. */
const queryDateTime = (description: string) =>
  z
    .string()
    .optional()
    .transform((value, ctx) => {
      if (value === undefined || value === "") return null;
      const parsed = parseDateTime(value);
      if ("ms" in parsed) return parsed.ms;
      ctx.addIssue({
        code: "custom",
        params: { type: "datetime_from_date_parsing" },
        message: parsed.reason,
      });
      return z.NEVER;
    })
    .openapi({ type: "string", format: "date-time", description });

const ChargerLogQuery = z.object({
  start_date: queryDateTime("First moment, inclusive; without offset it is UTC"),
  end_date: queryDateTime("Last moment, inclusive; without offset it is UTC"),
  event: queryText().openapi({
    description: "OCPP action, compared without regard to case",
    example: "BootNotification",
  }),
  limit: queryInteger({ min: 1, max: 1000, fallback: 100 }),
  offset: queryInteger({ min: 0, max: INT32_MAX, fallback: 0 }),
});

const ChargerLogEntry = z
  .object({
    direction: z.enum(["cp_to_csms", "csms_to_cp"]),
    action: z.string().nullable().openapi({ description: "Of an answer: the action of its call" }),
    message: z.string().openapi({
      description:
        "The OCPP-J frame as it went over the wire, or why a command to a simulated charger had no effect",
    }),
    timestamp: dateTime,
  })
  .openapi("ChargerLogEntry", {
    example: {
      direction: "cp_to_csms",
      action: "BootNotification",
      message:
        '[2,"boot-001","BootNotification",{"chargePointVendor":"OCPPLAB","chargePointModel":"SDK-DC-50"}]',
      timestamp: "2026-04-09T09:30:00.000Z",
    },
  });

const ChargerLogListResponse = z
  .object({
    data: z.array(ChargerLogEntry),
    total: z.number().int(),
    limit: z.number().int(),
    offset: z.number().int(),
  })
  .openapi("ChargerLogListResponse");

/** The query of the session. Times of frames are whole ms, so bounds are rounded inwards. */
function frameQuery(query: z.output<typeof ChargerLogQuery>): FrameQuery {
  return {
    startMs: query.start_date === null ? null : Math.ceil(query.start_date),
    endMs: query.end_date === null ? null : Math.floor(query.end_date),
    action: query.event ?? null,
    limit: query.limit,
    offset: query.offset,
  };
}

function chargerLogEntry({ direction, action, message, atMs }: FrameRow): z.infer<typeof ChargerLogEntry> {
  return { direction, action, message, timestamp: new Date(atMs).toISOString() };
}

export const listChargerLogs = defineOperation({
  operationId: "listChargerLogs",
  method: "get",
  path: "/ocpp/chargers/{charger_id}/logs",
  tag: "chargers",
  summary: "List charger logs",
  description:
    "Retrieve OCPP logs for one charger with optional date range and event filters, newest first. `total` counts what is still kept. Needs the role of an operator: frames contain data of stations and vendors.",
  role: "operator",
  params: ChargerParams,
  query: ChargerLogQuery,
  success: { status: 200, description: "Logs retrieved successfully", schema: ChargerLogListResponse },
  refusals: [404],
  handle: async ({ ports: { chargers, sessions }, organization, path: { charger_id: id }, query: asked }) => {
    const query = frameQuery(asked);
    const ref = isResourceId(id) ? await chargers.sessionRef(organization.id, id) : null;
    if (!ref) throw new NotFound("Charger", id);
    const frames = await sessions.frames({ organizationSlug: organization.slug, ...ref }, query);
    const { rows, total } = frames ?? { rows: [], total: 0 };
    return { data: rows.map(chargerLogEntry), total, limit: query.limit, offset: query.offset };
  },
});
