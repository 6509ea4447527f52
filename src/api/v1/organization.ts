import { z } from "@hono/zod-openapi";
import type { Config } from "../../env.ts";
import { NotFound } from "../../errors.ts";
import { changeOrganization } from "../../fleet/change/change-organization.ts";
import type { Organization } from "../../ports.ts";
import { text } from "./fields.ts";
import { groupId } from "./id-tag-fields.ts";
import { defineOperation } from "./surface.ts";

const HOSTS_MAX = 100;
const HOST = /^(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;

const hosts = z
  .array(z.string().max(253).regex(HOST, "must be a host name, or *. and a host name for all below it"))
  .max(HOSTS_MAX)
  .nullable()
  .openapi({ example: ["files.example.com", "*.cdn.example.com"] });

const allowUnauthenticatedChargers = z
  .boolean()
  .openapi({ description: "Whether chargers of security profile 0 may be registered" });

const masterPassGroupId = groupId.openapi({
  description:
    "Group of the id tags that may stop any transaction, whichever chargers they are limited to; null: none",
});

const TAG_CACHE_SECONDS_MAX = 31_536_000;

const tagCacheSeconds = z.int().min(1).max(TAG_CACHE_SECONDS_MAX).nullable().openapi({
  description: "How long chargers may keep an answer about an id tag; null: until the tag expires",
});

const transactionUpdateSeconds = z.int().min(0).max(3600).openapi({
  description:
    "Seconds for which one `transaction.updated` event of a transaction is enough; 0: one for each message with meter values",
});

const settings = z
  .object({
    name: z.string(),
    slug: z.string(),
    acceptUnknownIdTags: z.boolean(),
    transferHosts: hosts,
    wsUrlHosts: hosts,
    allowUnauthenticatedChargers,
    masterPassGroupId,
    tagCacheSeconds,
    transactionUpdateSeconds,
    chargerLimit: z.int().openapi({ description: "Most chargers at a time" }),
    openJobLimit: z.int().openapi({ description: "Most batches that are not complete at a time" }),
    rateLimit: z.int(),
  })
  .openapi("OrganizationSettings");

const changes = z.strictObject({
  name: text(1, 255).optional(),
  acceptUnknownIdTags: z.boolean().optional(),
  transferHosts: hosts.optional(),
  wsUrlHosts: hosts.optional(),
  allowUnauthenticatedChargers: allowUnauthenticatedChargers.optional(),
  masterPassGroupId: masterPassGroupId.optional(),
  tagCacheSeconds: tagCacheSeconds.optional(),
  transactionUpdateSeconds: transactionUpdateSeconds.optional(),
});

/** The settings of an organization. A limit it has no value for is that of the deployment. */
function settingsBody(organization: Organization, config: Config): z.infer<typeof settings> {
  return {
    name: organization.name,
    slug: organization.slug,
    acceptUnknownIdTags: organization.acceptUnknownIdTags,
    transferHosts: organization.transferHosts,
    wsUrlHosts: organization.wsUrlHosts,
    allowUnauthenticatedChargers: organization.allowUnauthenticatedChargers,
    masterPassGroupId: organization.masterPassGroupId,
    tagCacheSeconds: organization.tagCacheSeconds,
    transactionUpdateSeconds: organization.transactionUpdateSeconds,
    chargerLimit: organization.chargerLimit ?? config.CHARGER_LIMIT,
    openJobLimit: organization.openJobLimit ?? config.OPEN_JOB_LIMIT,
    rateLimit: organization.rateLimit ?? config.RATE_LIMIT_REQUESTS,
  };
}

const shared = {
  path: "/organization",
  tag: "Organization",
  success: { status: 200, description: "The organization's settings", schema: settings },
} as const;

export const getOrganization = defineOperation({
  ...shared,
  method: "get",
  operationId: "getOrganization",
  summary: "Show what the organization decides for its chargers, and its limits",
  role: "viewer",
  handle: async ({ c, ports, organization }) => {
    const current = await ports.organizations.get(organization.id);
    if (!current) throw new NotFound("Organization", organization.id);
    return settingsBody(current, c.get("config"));
  },
});

export const changeOrganizationSettings = defineOperation({
  ...shared,
  method: "patch",
  operationId: "changeOrganization",
  summary: "Change settings of the organization; its chargers follow within seconds",
  role: "owner",
  body: { schema: changes },
  handle: async ({ c, ports, organization, body }) => {
    const change = { organizationId: organization.id, background: c.get("background") };
    const changed = await changeOrganization(ports, change, body);
    return settingsBody(changed, c.get("config"));
  },
});
