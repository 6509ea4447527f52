import { z } from "@hono/zod-openapi";
import { SLUG_PATTERN } from "../../../fleet/slugs.ts";
import type { Location, LocationChanges } from "../../../ports.ts";
import { dateTime, text } from "./fields.ts";
import { pageOf } from "../page.ts";

const example = {
  name: "La Defense Charging Hub",
  address: "14 Rue de la Paix",
  city: "Paris",
  country: "FR",
  coordinates: { latitude: 48.8566, longitude: 2.3522 },
  timezone: "Europe/Paris",
  owner_name: "VINCI Autoroutes",
  public: true,
};

const timezone = text()
  .refine(isTimeZone, { error: "unknown time zone" })
  .openapi({ description: "IANA name", example: "Europe/Paris" });

/** Whether `name` is an IANA name. The runtime also accepts offsets such as `+01:00`, which are not names. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const name = text({ min: 1, max: 200 });
const slug = text({ min: 1, max: 100, pattern: SLUG_PATTERN });
const country = { pattern: /^[A-Za-z]{2}$/ };
const COUNTRY = "ISO 3166-1 alpha-2, stored in upper case";
const coordinates = z
  .object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) })
  .nullish();

export const CreateLocationRequest = z
  .object({
    name,
    slug: slug.nullish(),
    address: text({ max: 200 }).nullish(),
    city: text({ max: 200 }).nullish(),
    country: text(country).nullish().openapi({ description: COUNTRY }),
    coordinates,
    timezone: timezone.nullish(),
    owner_name: text({ max: 200 }).nullish(),
    public: z.boolean().nullish(),
    fuse_limit_a: z.number().positive().nullish().openapi({ description: "Fuse limit of the site in A" }),
  })
  .openapi("CreateLocationRequest", { example });

const shortText = text({ min: 1, max: 200 }).nullish();

/** Absent: unchanged; null: empty again (`public`: false); a value: set. */
export const UpdateLocationRequest = z
  .object({
    name: required(name),
    slug: required(slug),
    address: shortText,
    city: shortText,
    country: text({ min: 1, ...country })
      .nullish()
      .openapi({ description: COUNTRY }),
    coordinates,
    timezone: text({ min: 1 })
      .pipe(timezone)
      .nullish()
      .openapi({
        type: ["string", "null"],
        description: "IANA name",
        example: "Europe/Paris",
      }),
    owner_name: shortText,
    public: z.boolean().nullish(),
    fuse_limit_a: z.number().positive().nullish().openapi({ description: "Fuse limit of the site in A" }),
  })
  .openapi("UpdateLocationRequest", {
    description: "Only supplied fields are modified.",
    example: { name: "La Defense Charging Hub - West", timezone: "Europe/Paris", public: false },
  });

/** A field that may be absent but not null. Null is reported as a wrong value, not as a wrong type. */
function required<S extends z.ZodType<string>>(schema: S) {
  return schema
    .nullable()
    .refine((value) => value !== null, { error: "must not be null" })
    .optional();
}

export function locationChanges(body: z.output<typeof UpdateLocationRequest>): LocationChanges {
  return {
    name: body.name ?? undefined,
    slug: body.slug ?? undefined,
    address: body.address,
    city: body.city,
    country: body.country && body.country.toUpperCase(),
    coordinates: body.coordinates,
    timezone: body.timezone,
    ownerName: body.owner_name,
    public: body.public === null ? false : body.public,
    fuseLimitA: body.fuse_limit_a,
  };
}

export const DeletedLocationResponse = z
  .object({ msg: z.string(), location_id: z.string() })
  .openapi("DeletedLocationResponse", {
    example: { msg: "Location deleted", location_id: "4090477f-a416-4515-a302-97aa344a0a2a" },
  });

export const LocationResponse = z
  .object({
    id: z.string(),
    slug: z.string().nullable(),
    name: z.string().nullable(),
    address: z.string().nullable(),
    city: z.string().nullable(),
    country: z.string().nullable(),
    coordinates: z.object({ latitude: z.number(), longitude: z.number() }).nullable(),
    timezone: z.string().nullable(),
    owner_name: z.string().nullable(),
    public: z.boolean().nullable(),
    status: z.string().nullable(),
    fuse_limit_a: z.number().nullable(),
    created_at: dateTime.nullable(),
    updated_at: dateTime.nullable(),
  })
  .openapi("LocationResponse", {
    example: {
      id: "4090477f-a416-4515-a302-97aa344a0a2a",
      slug: "la-defense-charging-hub-a1b2c3d4",
      ...example,
      status: "active",
      fuse_limit_a: null,
      created_at: "2026-04-02T09:15:00.000Z",
      updated_at: "2026-04-02T09:15:00.000Z",
    },
  });

export const LocationListResponse = pageOf(LocationResponse).openapi("LocationListResponse");

export const LocationParams = z.object({
  location_id: z.string().openapi({ description: "`id` of a location: createLocation answers it" }),
});

export function locationResponse(location: Location): z.infer<typeof LocationResponse> {
  return {
    id: location.id,
    slug: location.slug,
    name: location.name,
    address: location.address,
    city: location.city,
    country: location.country,
    coordinates: location.coordinates,
    timezone: location.timezone,
    owner_name: location.ownerName,
    public: location.public,
    status: location.status,
    fuse_limit_a: location.fuseLimitA,
    created_at: location.createdAt.toISOString(),
    updated_at: location.updatedAt.toISOString(),
  };
}
