import { z } from "@hono/zod-openapi";
import type { LocalListState } from "../../ports.ts";
import { localListOf, manageLocalList } from "../../tags/manage-local-list.ts";
import { chargerPath, timestamp } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const mode = z.enum(["managed", "off"]);

const outcome = z
  .enum(["pending", "applied", "cut", "failed", "unsupported", "disabled", "unanswered", "replaced"])
  .nullable()
  .openapi({
    description: [
      "`pending`: on its way, or until the charger connects. `applied`: the charger confirmed it.",
      "`cut`: confirmed, as far as the charger's limits leave room. `failed`, `unsupported`: the charger's word.",
      "`disabled`: the charger has its local list switched off. `unanswered`: no answer until the next change or connection.",
      "`replaced`: a list that was sent directly switched the mode off.",
    ].join(" "),
  });

const localList = z
  .object({
    mode,
    version: z.int().nullable().openapi({ description: "The highest version that was sent" }),
    reportedVersion: z.int().nullable().openapi({ description: "What the charger said last" }),
    entries: z.int().nullable().openapi({ description: "Entries that the charger confirmed" }),
    outcome,
    updatedAt: timestamp.nullable(),
  })
  .openapi("LocalList");

function localListBody({ updatedAt, ...state }: LocalListState): z.infer<typeof localList> {
  return { ...state, updatedAt: updatedAt?.toISOString() ?? null };
}

const shared = {
  path: "/chargers/{chargeBoxId}/local-list",
  tag: "Local authorization list",
  params: chargerPath,
  success: { status: 200, description: "The charger's local list", schema: localList },
  refusals: [404],
} as const;

export const getLocalList = defineOperation({
  ...shared,
  refusals: [404],
  method: "get",
  operationId: "getLocalList",
  summary: "Show the local authorization list of a charger",
  role: "viewer",
  handle: async ({ ports, organization, path }) =>
    localListBody(await localListOf(ports, organization.id, path.chargeBoxId)),
});

export const setLocalListMode = defineOperation({
  ...shared,
  refusals: [404],
  method: "put",
  operationId: "setLocalListMode",
  summary: "Have the local authorization list of a charger kept, or not",
  description:
    "In `managed` the charger's list is kept equal to the id tags that are valid for it. A list that is sent directly switches the mode off.",
  role: "operator",
  body: { schema: z.strictObject({ mode }) },
  handle: async ({ c, ports, organization, path, body }) => {
    const by = { organizationId: organization.id, background: c.get("background") };
    return localListBody(await manageLocalList(ports, by, path.chargeBoxId, body.mode));
  },
});
