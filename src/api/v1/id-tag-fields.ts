import { z } from "@hono/zod-openapi";
import { isRemoteOnlyTag } from "../../ocpp/remote-only-tag.ts";
import type { IdTag, TagCharger } from "../../ports.ts";
import { NotFound } from "../../errors.ts";
import { InvalidRequest } from "../operation/receive.ts";
import { chargeBoxId, text, timestamp } from "./fields.ts";
import type { Issue } from "./issues.ts";

/** Longest id tag of OCPP 1.6. */
const ID_TAG_MAX = 20;
/** Longest token of OCPP 2.1. */
const TOKEN_MAX = 255;
const CHARGERS_MAX = 1000;
const CHARACTERS = /^[A-Za-z0-9*+=:|@._-]*$/;
const CHARACTERS_RULE = "must consist of A-Z a-z 0-9 * + = : | @ . _ -";

export const status = z.enum(["active", "blocked"]);

const idTag = z.string().min(1).max(TOKEN_MAX).regex(CHARACTERS, CHARACTERS_RULE).openapi({
  example: "RFID001",
  description:
    "Compared case-insensitively. At most 20 characters, unless `type` says that it is a token of OCPP 2.x",
});

export const groupId = z.string().min(1).max(36).regex(CHARACTERS, CHARACTERS_RULE).nullable().openapi({
  description: "Tags of a group may stop what another one of it started: `parentIdTag`, `groupIdToken`",
});

const type = z
  .string()
  .min(1)
  .max(20)
  .regex(/^[A-Za-z0-9_-]+$/, "must consist of A-Z a-z 0-9 _ -")
  .nullable()
  .openapi({
    example: "ISO14443",
    description: "Type of the token on OCPP 2.x, which is compared too; null or absent: any",
  });

/** Times of the years 1 to 9999: Postgres reads no other time that was written by JavaScript, and RFC 3339 has no later ones. */
export const TIMES_MS = { first: -62_135_596_800_000, last: 253_402_300_799_999 };

const isStorable = (value: Date | null) =>
  value === null || (value.getTime() >= TIMES_MS.first && value.getTime() <= TIMES_MS.last);

const expiryDate = z
  .union([z.iso.datetime({ offset: true }), z.null()])
  .transform((value) => (value === null ? null : new Date(value)))
  .refine(isStorable, { error: "must be in the years 1 to 9999", params: { code: "invalid_value" } });

const settable = {
  name: text(0, 255).nullable().optional(),
  expiryDate: expiryDate.optional(),
  chargeBoxIds: z.array(chargeBoxId).max(CHARGERS_MAX).optional().openapi({
    description: "Chargers that the tag is valid at; empty: all",
  }),
  groupId: groupId.optional(),
  type: type.optional(),
};

type Named = { idTag: string; type?: string | null | undefined };

/** What a tag may be called. A tag that only a remote start uses belongs to no card. */
function checkName({ idTag: name, type: kind }: Named, context: z.RefinementCtx): void {
  if (name.length > ID_TAG_MAX && (kind ?? null) === null) {
    const bound = { code: "too_big", origin: "string", maximum: ID_TAG_MAX, inclusive: true } as const;
    context.addIssue({ ...bound, path: ["idTag"], input: name });
  }
  if (isRemoteOnlyTag(name)) {
    const message = "is reserved for remote starts without an id tag";
    context.addIssue({ code: "custom", path: ["idTag"], message, params: { code: "reserved" } });
  }
}

export const newTagBody = z.strictObject({ idTag, ...settable }).superRefine(checkName);
export type NewTagBody = z.output<typeof newTagBody>;

export const importedTag = z
  .strictObject({ idTag, ...settable, status: status.optional() })
  .superRefine(checkName);
export type ImportedTagBody = z.output<typeof importedTag>;

export const changesBody = z.strictObject({ ...settable, status: status.optional() });
export type ChangesBody = z.output<typeof changesBody>;

const fields = {
  id: z.string().openapi({ example: "tag_01JKB2M3N4P5Q6R7S8T9V0W1X2" }),
  idTag: z.string(),
  name: z.string().nullable(),
  status,
  scope: z.enum(["all", "chargers"]),
  source: z.enum(["api", "import"]),
  groupId: z.string().optional(),
  type: z.string().optional(),
  expiryDate: timestamp.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
};

export const tagSchema = z.object(fields).openapi("IdTag");
export const tagDetail = z.object({ ...fields, chargeBoxIds: z.array(z.string()) }).openapi("IdTagDetail");

export function tagBody(tag: IdTag): z.infer<typeof tagSchema> {
  return {
    id: tag.id,
    idTag: tag.idTag,
    name: tag.name,
    status: tag.status,
    scope: tag.isScoped ? "chargers" : "all",
    source: tag.source,
    ...(tag.groupId === null ? {} : { groupId: tag.groupId }),
    ...(tag.type === null ? {} : { type: tag.type }),
    expiryDate: tag.expiresAt?.toISOString() ?? null,
    createdAt: tag.createdAt.toISOString(),
    updatedAt: tag.updatedAt.toISOString(),
  };
}

const TAG_ID = /^tag_[0-9A-HJKMNP-TV-Z]{26}$/;

/** @throws NotFound: any other spelling than ours names no tag. */
export function tagId(idTagId: string): string {
  if (!TAG_ID.test(idTagId)) throw new NotFound("Id Tag", idTagId);
  return idTagId;
}

/** Whether a tag can be presented at the chargers that it is limited to. `field`: what the finding is about. */
export function checkLength(
  name: string,
  chargers: readonly TagCharger[],
  field: "idTag" | "chargeBoxIds",
): void {
  const tooOld = chargers.find(({ ocppVersion }) => ocppVersion?.toLowerCase() === "ocpp1.6");
  if (name.length <= ID_TAG_MAX || !tooOld) return;
  const rule = `must have at most ${ID_TAG_MAX} characters for charger ${tooOld.identity}, which speaks OCPP 1.6`;
  const message = field === "idTag" ? `idTag ${rule}` : `chargeBoxIds names a charger whose id tags ${rule}`;
  throw new InvalidRequest<Issue>([{ location: "body", path: [field], code: "too_big", message }]);
}
