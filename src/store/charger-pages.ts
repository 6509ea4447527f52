import { z } from "zod";
import type { ChargerFilter, Page, ProvisioningStatus } from "../ports.ts";
import { isUuid, onlyRow, uuidArray } from "./rows.ts";
import type { Row, Sql } from "./sql.ts";

/** What a list of chargers shows: columns of alias `c` and of `join`, and the order. */
interface ChargerList {
  columns: string;
  /** Join for those columns, applied to the rows of the page only. */
  join?: string;
  order: "oldestFirst" | "newestFirst";
}

type Filter = Partial<ChargerFilter>;

const isProvisioning = "(SELECT 1 FROM jobs j WHERE j.id = c.job_id AND j.status = 'PROVISIONING')";

const STATUS = {
  PENDING: `c.status = 'PENDING' AND NOT EXISTS ${isProvisioning}`,
  PROVISIONING: `c.status = 'PENDING' AND EXISTS ${isProvisioning}`,
  READY: "c.status = 'READY'",
  FAILED: "c.status = 'FAILED'",
} satisfies Record<ProvisioningStatus, string>;

/**
 * WHERE clause of a filter and its parameters, from `$4` on. A condition that is not set does not appear in the
 * statement.
 */
function conditionsOf({ locationId, ids, status, identityPrefix }: Filter) {
  const conditions = ["c.organization_id = $1::uuid", "c.deleted_at IS NULL"];
  const params: unknown[] = [];
  const add = (condition: (place: string) => string, value: unknown) => {
    params.push(value);
    conditions.push(condition(`$${params.length + 3}`));
  };
  if (status) conditions.push(STATUS[status]);
  if (locationId) add((place) => `c.location_id = ${place}::uuid`, locationId);
  if (ids) add((place) => `c.id = ANY(${place}::uuid[])`, uuidArray(ids));
  // `coalesce` hides the prefix from the planner, which underestimates its rows and would sort instead of using the
  // index.
  if (identityPrefix)
    add((place) => `coalesce(starts_with(c.identity, ${place}::text), false)`, identityPrefix);
  return { where: conditions.join(" AND "), params };
}

/**
 * Creation time and id of the matching chargers, from an index that covers all filters. ORDER BY with OFFSET 0 keeps
 * the planner on that index; reading the table instead costs four times as much in a large organisation.
 */
const keysOf = (
  where: string,
  direction: string,
) => `(SELECT c.created_at, c.id FROM chargers c WHERE ${where}
  ORDER BY c.created_at${direction}, c.id${direction} OFFSET 0)`;

/** Creation time and id of the connected chargers; a deleted charger is never connected. */
const onlineKeys = (direction: string) => `(SELECT s.created_at, s.charger_id AS id FROM charger_connections s
  WHERE s.organization_id = $1::uuid AND s.online ORDER BY s.created_at${direction}, s.charger_id${direction} OFFSET 0)`;

/**
 * Keys to page through, and their number. Without another filter, offline chargers are counted as all minus
 * connected: two counts are cheaper than the join.
 */
function sourceOf({ online = null, ...filter }: Filter, where: string, direction: string) {
  const counted = (keys: string) => `(SELECT count(*)::int FROM ${keys} n)`;
  const all = keysOf(where, direction);
  if (online === null) return { keys: `${all} k`, total: counted(all) };
  const isFiltered = Object.values(filter).some((value) => value !== null && value !== undefined);
  const connected = onlineKeys(direction);
  const both = `(SELECT k.* FROM ${all} k JOIN ${connected} o ON o.created_at = k.created_at AND o.id = k.id)`;
  const among = isFiltered ? both : connected;
  if (online) return { keys: `${among} k`, total: counted(among) };
  const others = `${all} k LEFT JOIN ${connected} o ON o.created_at = k.created_at AND o.id = k.id WHERE o.id IS NULL`;
  return {
    keys: others,
    total: isFiltered ? `(SELECT count(*)::int FROM ${others})` : `${counted(all)} - ${counted(among)}`,
  };
}

/**
 * Selects the keys of the page first, counting from the nearer end of the list, then looks up the rows of the page
 * only.
 */
function statementOf({ columns, join = "", order }: ChargerList, filter: Filter, where: string): string {
  const [forwards, backwards] = order === "oldestFirst" ? ["", " DESC"] : [" DESC", ""];
  const front = sourceOf(filter, where, forwards);
  const back = sourceOf(filter, where, backwards);
  const keys = (from: string, direction: string) =>
    `SELECT k.created_at, k.id FROM ${from} ORDER BY k.created_at${direction}, k.id${direction}`;
  return `WITH t AS MATERIALIZED (SELECT ${front.total} AS total), page AS MATERIALIZED (
      (${keys(front.keys, forwards)} LIMIT (SELECT CASE WHEN $3::bigint * 2 <= total THEN $2::int ELSE 0 END FROM t)
        OFFSET $3::bigint)
      UNION ALL
      (${keys(back.keys, backwards)} LIMIT (SELECT CASE WHEN $3::bigint * 2 <= total THEN 0
          ELSE least(greatest(total - $3::bigint, 0), $2::int) END FROM t)
        OFFSET (SELECT greatest(total - $3::bigint - $2::int, 0) FROM t)))
    SELECT t.total, r.* FROM t LEFT JOIN page p ON true
    LEFT JOIN LATERAL (SELECT ${columns} FROM chargers c ${join} WHERE c.id = p.id AND c.deleted_at IS NULL LIMIT 1) r ON true
    ORDER BY p.created_at${forwards}, p.id${forwards}`;
}

const totalRow = z.object({ total: z.number() });

/** One page of an organisation's chargers, and the number that match. $1 organisation, $2 limit, $3 offset. */
export async function chargerPage(
  sql: Pick<Sql, "read">,
  list: ChargerList,
  organizationId: string,
  filter: Filter,
  page: Page,
): Promise<{ total: number; rows: Row[] }> {
  if (filter.locationId && !isUuid(filter.locationId)) return { total: 0, rows: [] };
  const { where, params } = conditionsOf(filter);
  const text = statementOf(list, filter, where);
  const rows = await sql.read(text, [organizationId, page.limit, page.offset, ...params]);
  return { total: onlyRow(totalRow, rows).total, rows: rows.filter((row) => row["id"] !== null) };
}
