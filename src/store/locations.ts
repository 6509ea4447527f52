import { z } from "zod";
import { Conflict } from "../errors.ts";
import type { Location, LocationStore } from "../ports.ts";
import { claimParams, claimSql, replay } from "./idempotency.ts";
import { firstRow, isUuid, onlyRow, parseRows, timestamp } from "./rows.ts";
import { violates, type Sql } from "./sql.ts";

const locationRow = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    address: z.string().nullable(),
    city: z.string().nullable(),
    country: z.string().nullable(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
    timezone: z.string().nullable(),
    owner_name: z.string().nullable(),
    fuse_limit_a: z.number().nullable(),
    public: z.boolean(),
    status: z.string(),
    revision: z.number(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .transform(
    ({ latitude, longitude, owner_name, fuse_limit_a, created_at, updated_at, ...row }): Location => ({
      ...row,
      coordinates: latitude === null || longitude === null ? null : { latitude, longitude },
      ownerName: owner_name,
      fuseLimitA: fuse_limit_a,
      createdAt: created_at,
      updatedAt: updated_at,
    }),
  );

const COLUMNS = `id, slug, name, address, city, country, latitude, longitude, timezone, owner_name, fuse_limit_a,
  public, status, revision, created_at, updated_at`;

const CREATE = `WITH tenant AS (SELECT id FROM organizations WHERE id = $1::uuid),
  ${claimSql(15, "$1::uuid", "$14::timestamptz", "tenant")}
  INSERT INTO locations (organization_id, id, slug, name, address, city, country, latitude, longitude, timezone,
    owner_name, fuse_limit_a, public, created_at, updated_at)
  SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::float8, $9::float8, $10::text,
    $11::text, $12::float8, $13::boolean, $14::timestamptz, $14::timestamptz FROM go
  RETURNING id`;

export function locationStore(sql: Sql): LocationStore {
  return {
    async create(organizationId, place, now, claim, record) {
      const location: Location = { ...place, status: "active", revision: 1, createdAt: now, updatedAt: now };
      const { latitude, longitude } = place.coordinates ?? { latitude: null, longitude: null };
      try {
        const rows = await sql(CREATE, [
          organizationId,
          place.id,
          place.slug,
          place.name,
          place.address,
          place.city,
          place.country,
          latitude,
          longitude,
          place.timezone,
          place.ownerName,
          place.fuseLimitA,
          place.public,
          now,
          ...claimParams(claim, claim && record(location)),
        ]);
        if (rows.length === 0 && claim !== null)
          return { kind: "replayed", response: await replay(sql, organizationId, claim) };
        return { kind: "done", value: location };
      } catch (error) {
        if (violates(error, "locations_organization_id_slug_key"))
          throw new Conflict("Location slug already exists");
        throw error;
      }
    },

    async get(organizationId, id) {
      if (!isUuid(id)) return null;
      const rows = await sql(
        `SELECT ${COLUMNS} FROM locations WHERE id = $2::uuid AND organization_id = $1::uuid`,
        [organizationId, id],
      );
      return firstRow(locationRow, rows);
    },

    async list(organizationId, page) {
      const rows = await sql(
        `WITH mine AS (SELECT ${COLUMNS} FROM locations WHERE organization_id = $1::uuid)
         SELECT p.*, t.total FROM (SELECT count(*)::int AS total FROM mine) t
         LEFT JOIN (SELECT * FROM mine ORDER BY created_at, id LIMIT $2::int OFFSET $3::bigint) p ON true
         ORDER BY p.created_at, p.id`,
        [organizationId, page.limit, page.offset],
      );
      const total = onlyRow(z.object({ total: z.number() }), rows).total;
      return {
        total,
        rows: parseRows(
          locationRow,
          rows.filter((row) => row["id"] !== null),
        ),
      };
    },
  };
}
