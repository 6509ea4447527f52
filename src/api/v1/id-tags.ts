import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { ulidOf } from "../../fleet/ids.ts";
import type { IdTagChanges, NewIdTag, Ports, TagCharger } from "../../ports.ts";
import { startErasure } from "../../tags/erase-tag.ts";
import { changeTag, createTag, removeTag } from "../../tags/change-tags.ts";
import { recordJson, sendRecorded } from "../http/accepted.ts";
import { changeOf } from "../http/context.ts";
import { jsonAnswer } from "../operation/document.ts";
import type { OperationRequest } from "../operation/operation.ts";
import { noBody, page, pagination } from "./fields.ts";
import {
  changesBody,
  checkLength,
  newTagBody,
  status,
  tagBody,
  tagDetail,
  tagId,
  tagSchema,
  type ChangesBody,
  type NewTagBody,
} from "./id-tag-fields.ts";
import { acceptedAnswer, acceptedJob } from "./id-tag-jobs.ts";
import { defineOperation } from "./surface.ts";

const TAG = "Id tags";
const params = z.object({ idTagId: z.string() });
/** `import` is no id. */
const shapes = { idTagId: "(?!import$)[^/]+" };

/** The chargers that a tag is limited to. @throws NotFound */
async function chargersOf(
  { idTags }: Pick<Ports, "idTags">,
  organizationId: string,
  identities: readonly string[],
): Promise<TagCharger[]> {
  if (identities.length === 0) return [];
  const found = await idTags.chargers(organizationId, [...new Set(identities)]);
  const known = new Set(found.map(({ identity }) => identity));
  const missing = identities.find((identity) => !known.has(identity));
  if (missing !== undefined) throw new NotFound("Charger", missing);
  return found;
}

function newTag(id: string, body: NewTagBody, chargers: readonly TagCharger[]): NewIdTag {
  const { idTag, name = null, expiryDate: expiresAt = null, groupId = null, type = null } = body;
  const chargerIds = chargers.map((charger) => charger.id);
  return { id, idTag, name, status: "active", type, groupId, expiresAt, chargerIds };
}

export const createIdTag = defineOperation({
  method: "post",
  path: "/id-tags",
  operationId: "createIdTag",
  summary: "Create an id tag",
  description: "Chargers accept the tag from now on; one that refused it a moment ago, within a minute.",
  tag: TAG,
  role: "owner",
  body: { schema: newTagBody },
  isIdempotent: true,
  success: { status: 201, description: "The tag", schema: tagSchema },
  refusals: [404, 409, 422],
  handle: async ({ c, ports, organization, body, claim }) => {
    const chargers = await chargersOf(ports, organization.id, body.chargeBoxIds ?? []);
    checkLength(body.idTag, chargers, "idTag");
    const now = ports.clock.now();
    const { chargerIds, ...fields } = newTag(`tag_${ulidOf(ports.ids.uuid())}`, body, chargers);
    const made = {
      ...fields,
      isScoped: chargerIds.length > 0,
      source: "api",
      createdAt: now,
      updatedAt: now,
    };
    const shown = tagBody({ ...made, source: "api" });
    const record = recordJson(201, shown, { Location: `/api/v1/id-tags/${fields.id}` });
    const tag = { ...fields, chargerIds };
    const result = await createTag(ports, changeOf(c), tag, claim, { record, now });
    return sendRecorded(result.kind === "replayed" ? result.response : record, result.kind === "replayed");
  },
});

const listQuery = z.object({
  ...page,
  status: status.optional(),
  after: z
    .string()
    .regex(/^tag_[0-9A-HJKMNP-TV-Z]{26}$/, "must be a `next` of an earlier page")
    .optional()
    .openapi({ description: "`next` of the page before: the page that follows it, without a count" }),
});

const nextPage = z
  .string()
  .nullable()
  .openapi({ description: "To be sent as `after`; null: this page is the last" });

export const listIdTags = defineOperation({
  method: "get",
  path: "/id-tags",
  operationId: "listIdTags",
  summary: "List id tags, newest first",
  tag: TAG,
  role: "viewer",
  query: listQuery,
  success: {
    status: 200,
    description: "One page of id tags; `pagination` is left out with `after`",
    schema: z.object({
      idTags: z.array(tagSchema),
      pagination: pagination.optional(),
      next: nextPage,
    }),
  },
  handle: async ({ ports, organization, query: { limit, offset, after, status: wanted = null } }) => {
    if (after !== undefined) {
      // One row more than asked for tells whether another page follows.
      const found = await ports.idTags.listAfter(organization.id, wanted, { after, limit: limit + 1 });
      const rows = found.slice(0, limit);
      const next = found.length > limit ? (rows.at(-1)?.id ?? null) : null;
      return { idTags: rows.map(tagBody), next };
    }
    const { rows, total } = await ports.idTags.list(organization.id, wanted, { limit, offset });
    const next = offset + rows.length < total ? (rows.at(-1)?.id ?? null) : null;
    return { idTags: rows.map(tagBody), pagination: { total, limit, offset }, next };
  },
});

export const getIdTag = defineOperation({
  method: "get",
  path: "/id-tags/{idTagId}",
  operationId: "getIdTag",
  summary: "Show an id tag with the chargers it is limited to",
  tag: TAG,
  role: "viewer",
  params,
  shapes,
  success: { status: 200, description: "The tag", schema: tagDetail },
  refusals: [404],
  handle: async ({ ports, organization, path: { idTagId } }) => {
    const found = await ports.idTags.get(organization.id, tagId(idTagId));
    if (!found) throw new NotFound("Id Tag", idTagId);
    return { ...tagBody(found.tag), chargeBoxIds: found.chargeBoxIds };
  },
});

async function change({ c, ports, organization, path, body }: ChangeRequest) {
  const id = tagId(path.idTagId);
  const { chargeBoxIds, expiryDate, ...same } = body;
  const changes: IdTagChanges = { ...same };
  if (expiryDate !== undefined) changes.expiresAt = expiryDate;
  if (chargeBoxIds !== undefined) {
    const current = await ports.idTags.get(organization.id, id);
    if (!current) throw new NotFound("Id Tag", id);
    const chargers = await chargersOf(ports, organization.id, chargeBoxIds);
    checkLength(current.tag.idTag, chargers, "chargeBoxIds");
    changes.chargerIds = chargers.map((charger) => charger.id);
  }
  return tagBody(await changeTag(ports, changeOf(c), id, changes));
}

type ChangeRequest = Pick<
  OperationRequest<z.infer<typeof params>, unknown, ChangesBody>,
  "c" | "ports" | "organization" | "path" | "body"
>;

const changeOperation = {
  path: "/id-tags/{idTagId}",
  description: "What is left out stays. Every charger follows within a minute.",
  tag: TAG,
  role: "owner",
  params,
  shapes,
  body: { schema: changesBody },
  success: { status: 200, description: "The tag", schema: tagSchema },
  refusals: [404],
  handle: change,
} as const;

export const changeIdTag = defineOperation({
  ...changeOperation,
  method: "patch",
  operationId: "changeIdTag",
  summary: "Change an id tag",
});

export const putIdTag = defineOperation({
  ...changeOperation,
  method: "put",
  operationId: "putIdTag",
  summary: "Change an id tag; the same as PATCH",
});

export const deleteIdTag = defineOperation({
  method: "delete",
  path: "/id-tags/{idTagId}",
  operationId: "deleteIdTag",
  summary: "Delete an id tag",
  description:
    "Every charger follows within a minute. Transactions keep its name, unless `erase` is `true`: then a durable job replaces it by a pseudonym in transactions, meter values, events, messages and logs, and the answer is 202 with the URL to poll.",
  tag: TAG,
  role: "owner",
  params,
  shapes,
  query: z.object({ erase: z.enum(["true", "false"]).optional() }),
  body: { schema: noBody },
  success: {
    status: 200,
    description: "Deleted",
    schema: z.object({ message: z.string(), id: z.string() }),
  },
  otherAnswers: { 202: jsonAnswer("Deleted, and its erasure is stored", acceptedJob) },
  refusals: [404],
  handle: async ({ c, ports, path: { idTagId }, query }) => {
    if (query.erase === "true") {
      const jobId = await startErasure(ports, changeOf(c), tagId(idTagId));
      return sendRecorded(acceptedAnswer(jobId), false);
    }
    await removeTag(ports, changeOf(c), tagId(idTagId));
    return { message: "Id Tag deleted successfully", id: idTagId };
  },
});
