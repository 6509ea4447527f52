import { z } from "zod";
import type { JsonObject } from "../ocpp/json.ts";
import type { MeterMessagePage, MeterMessagePlace } from "../ports.ts";
import { parseRows, timestamp } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** Characters of values in one page; a single message may be longer, up to the largest frame. */
const PAGE_LENGTH_MAX = 2_000_000;

/** Messages after a place ($4, $5), as many as asked for and as fit. */
const PAGE = `WITH found AS MATERIALIZED (
    SELECT m.id, m.at, m."values" AS meter_values, length(m."values"::text) AS length FROM meter_values m
    WHERE m.organization_id = $1::uuid AND m.transaction_id = $2::int AND (m.at, m.id) > ($4::timestamptz, $5::uuid)
    ORDER BY m.at, m.id LIMIT $3::int)
  SELECT id, at, meter_values, (SELECT count(*)::int FROM found) AS found
  FROM (SELECT *, sum(length) OVER (ORDER BY at, id) AS size FROM found) page
  WHERE size <= ${PAGE_LENGTH_MAX} OR size = length ORDER BY at, id`;

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

const messageRow = z.object({
  id: z.string(),
  at: timestamp,
  meter_values: z.array(z.custom<JsonObject>(isObject)),
  found: z.number(),
});

/** Before every message. */
const BEGINNING: MeterMessagePlace = { at: new Date(0), id: "00000000-0000-0000-0000-000000000000" };

/** The next messages with meter values of a transaction, oldest first. */
export async function meterMessages(
  sql: Pick<Sql, "read">,
  organizationId: string,
  transactionId: number,
  { after, limit }: { after: MeterMessagePlace | null; limit: number },
): Promise<MeterMessagePage> {
  const place = after ?? BEGINNING;
  const values = [organizationId, transactionId, limit + 1, place.at, place.id];
  const rows = parseRows(messageRow, await sql.read(PAGE, values));
  const messages = rows
    .slice(0, limit)
    .map(({ id, at, meter_values: meterValue }) => ({ id, at, meterValue }));
  return { messages, hasMore: (rows[0]?.found ?? 0) > messages.length };
}
