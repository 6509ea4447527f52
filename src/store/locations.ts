import { z } from "zod";
import { Conflict } from "../errors.ts";
import type { Claimed, Location, LocationChanges, LocationStore } from "../ports.ts";
import { claimParams, claimSql, replay } from "./idempotency.ts";
import { firstRow, isUuid, onlyRow, parseRows, timestamp } from "./rows.ts";
import { SqlFailure, violates, type Sql } from "./sql.ts";

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

const SLUG_INDEX = "locations_organization_id_slug_key";

const COLUMNS = `id, slug, name, address, city, country, latitude, longitude, timezone, owner_name, fuse_limit_a,
  public, status, revision, created_at, updated_at`;

// Selects the ids of the page from an index, then looks up only those rows.
const LIST = `WITH page AS MATERIALIZED (SELECT id, created_at FROM locations WHERE organization_id = $1::uuid
    ORDER BY created_at, id LIMIT $2::int OFFSET $3::bigint)
  SELECT t.total, l.* FROM (SELECT (SELECT count(*)::int FROM (
    SELECT 1 FROM locations WHERE organization_id = $1::uuid ORDER BY created_at, id OFFSET 0) n) AS total) t
  LEFT JOIN page p ON true
  LEFT JOIN LATERAL (SELECT ${COLUMNS} FROM locations o WHERE o.id = p.id LIMIT 1) l ON true
  ORDER BY p.created_at, p.id`;

const FIELDS = [
  ["slug", "text"],
  ["name", "text"],
  ["address", "text"],
  ["city", "text"],
  ["country", "text"],
  ["latitude", "float8"],
  ["longitude", "float8"],
  ["timezone", "text"],
  ["owner_name", "text"],
  ["fuse_limit_a", "float8"],
  ["public", "boolean"],
] as const;

const CREATE = `WITH tenant AS (SELECT id FROM organizations WHERE id = $1::uuid),
  ${claimSql(15, "$1::uuid", "$14::timestamptz", "tenant")}
  INSERT INTO locations (organization_id, id, slug, name, address, city, country, latitude, longitude, timezone,
    owner_name, fuse_limit_a, public, created_at, updated_at)
  SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::float8, $9::float8, $10::text,
    $11::text, $12::float8, $13::boolean, $14::timestamptz, $14::timestamptz FROM go
  RETURNING id`;

const columnList = (prefix: string) => FIELDS.map(([column]) => `${prefix}.${column}`).join(", ");

/** $4 holds the changes; a column whose key is absent is unchanged. */
const UPDATE = `WITH n AS (
    SELECT l.id, ${FIELDS.map(([column, type]) => `CASE WHEN $4::jsonb ? '${column}' THEN ($4::jsonb ->> '${column}')::${type} ELSE l.${column} END AS ${column}`).join(", ")}
    FROM locations l WHERE l.id = $2::uuid AND l.organization_id = $1::uuid FOR UPDATE
  ), changed AS (
    UPDATE locations l SET ${FIELDS.map(([column]) => `${column} = n.${column}`).join(", ")},
      updated_at = $3::timestamptz, revision = l.revision + 1
    FROM n WHERE l.id = n.id AND (${columnList("l")}) IS DISTINCT FROM (${columnList("n")})
    RETURNING l.*
  )
  SELECT ${COLUMNS} FROM changed UNION ALL
  SELECT ${COLUMNS} FROM locations WHERE id = (SELECT id FROM n) AND NOT EXISTS (SELECT 1 FROM changed)`;

const REMOVE = `WITH used AS (
    SELECT count(*)::int AS n FROM chargers WHERE location_id = $2::uuid AND deleted_at IS NULL
  ), removed AS (
    DELETE FROM locations WHERE id = $2::uuid AND organization_id = $1::uuid AND (SELECT n FROM used) = 0 RETURNING id
  )
  SELECT EXISTS (SELECT 1 FROM removed) AS removed, (SELECT n FROM used) AS used,
    EXISTS (SELECT 1 FROM locations WHERE id = $2::uuid AND organization_id = $1::uuid) AS known`;

/** Reads the result of the deletion, in case its answer is lost: a missing row was removed. */
const REMOVED = `SELECT l.id IS NULL AS removed, l.id IS NOT NULL AS known,
    (SELECT count(*)::int FROM chargers WHERE location_id = $2::uuid AND deleted_at IS NULL) AS used
  FROM (SELECT 1) one LEFT JOIN locations l ON l.id = $2::uuid AND l.organization_id = $1::uuid`;

const removeRow = z.object({ removed: z.boolean(), used: z.number(), known: z.boolean() });

function wireChanges({ coordinates, ownerName, fuseLimitA, ...same }: LocationChanges): string {
  const place = coordinates ?? { latitude: null, longitude: null };
  const changes = { ...same, owner_name: ownerName, fuse_limit_a: fuseLimitA };
  return JSON.stringify(coordinates === undefined ? changes : { ...changes, ...place });
}

async function createLocation(
  sql: Sql,
  ...[organizationId, place, now, claim, record]: Parameters<LocationStore["create"]>
): Promise<Claimed<Location>> {
  const location: Location = { ...place, status: "active", revision: 1, createdAt: now, updatedAt: now };
  const { latitude, longitude } = place.coordinates ?? { latitude: null, longitude: null };
  try {
    const params = [
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
    ];
    const whenStored = { text: "SELECT id FROM locations WHERE id = $1::uuid", params: [place.id] };
    const rows = await sql.store(CREATE, params, whenStored);
    if (rows.length === 0 && claim !== null)
      return { kind: "replayed", response: await replay(sql, organizationId, claim) };
    return { kind: "done", value: location };
  } catch (error) {
    if (violates(error, SLUG_INDEX)) throw new Conflict("Location slug already exists");
    throw error;
  }
}

async function removeLocation(
  sql: Sql,
  ...[organizationId, id]: Parameters<LocationStore["remove"]>
): ReturnType<LocationStore["remove"]> {
  if (!isUuid(id)) return "unknown";
  const params = [organizationId, id];
  const row = await sql.store(REMOVE, params, { text: REMOVED, params }).then(
    (rows) => onlyRow(removeRow, rows),
    (error: unknown) => {
      // The foreign key failed: a charger was stored between the count and the delete.
      if (error instanceof SqlFailure && error.code === "23503")
        return { removed: false, used: 1, known: true };
      throw error;
    },
  );
  if (row.removed) return "removed";
  return row.known ? { inUse: row.used } : "unknown";
}

/** Locations in Postgres. */
export function locationStore(sql: Sql): LocationStore {
  return {
    create: (...input) => createLocation(sql, ...input),

    async get(organizationId, id) {
      if (!isUuid(id)) return null;
      const rows = await sql.read(
        `SELECT ${COLUMNS} FROM locations WHERE id = $2::uuid AND organization_id = $1::uuid`,
        [organizationId, id],
      );
      return firstRow(locationRow, rows);
    },

    async list(organizationId, page) {
      const rows = await sql.read(LIST, [organizationId, page.limit, page.offset]);
      const total = onlyRow(z.object({ total: z.number() }), rows).total;
      return {
        total,
        rows: parseRows(
          locationRow,
          rows.filter((row) => row["id"] !== null),
        ),
      };
    },

    async update(organizationId, id, changes, now) {
      if (!isUuid(id)) return null;
      try {
        const params = [organizationId, id, now, wireChanges(changes)];
        const whenStored = {
          text: `SELECT ${COLUMNS} FROM locations WHERE id = $1::uuid`,
          params: [id],
        };
        return firstRow(locationRow, await sql.store(UPDATE, params, whenStored));
      } catch (error) {
        if (violates(error, SLUG_INDEX)) throw new Conflict("Location slug already exists");
        throw error;
      }
    },

    remove: (...input) => removeLocation(sql, ...input),
  };
}
