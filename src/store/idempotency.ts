import { z } from "zod";
import { IdempotencyInFlight, IdempotencyMismatch } from "../errors.ts";
import type { IdempotencyClaim, IdempotencyStore, RecordedResponse } from "../ports.ts";
import { firstRow, onlyRow } from "./rows.ts";
import type { Sql } from "./sql.ts";

const recorded = z.object({
  status: z.number(),
  body: z.string(),
  headers: z.record(z.string(), z.string()),
});
const claimRow = z.object({ body_hash: z.string(), response: recorded.nullable() });

type ClaimRow = z.infer<typeof claimRow>;

const SAME_CLAIM = "organization_id = $1::uuid AND method = $2 AND path = $3 AND key = $4";

/**
 * The claim of an idempotency key as a common table expression. It takes a free, expired or abandoned key and records
 * the answer in the same statement. The caller's statement writes only if `go` has a row: the key was claimed, or
 * none was sent.
 *
 * @param first number of the first of the five parameters made by `claimParams`
 * @param gate name of an earlier expression; nothing is claimed unless it has a row
 */
export function claimSql(first: number, organization: string, now: string, gate: string): string {
  const [method, path, key, hash, response] = [0, 1, 2, 3, 4].map((offset) => `$${first + offset}`);
  return `claimed AS (
    INSERT INTO idempotency_keys AS k (organization_id, method, path, key, body_hash, response, claimed_at)
    SELECT ${organization}, ${method}::text, ${path}::text, ${key}::text, ${hash}::text, ${response}::jsonb, ${now}
    FROM ${gate} WHERE ${key}::text IS NOT NULL
    ON CONFLICT (organization_id, method, path, key) DO UPDATE
      SET body_hash = excluded.body_hash, response = excluded.response, claimed_at = excluded.claimed_at
      WHERE k.claimed_at < excluded.claimed_at - interval '24 hours'
         OR (k.response IS NULL AND k.claimed_at < excluded.claimed_at - interval '60 seconds')
    RETURNING 1
  ), go AS (
    SELECT 1 FROM ${gate} WHERE ${key}::text IS NULL OR EXISTS (SELECT 1 FROM claimed)
  )`;
}

/** The five parameters of `claimSql`; all null without a claim. */
export function claimParams(claim: IdempotencyClaim | null, record: RecordedResponse | null): unknown[] {
  if (claim === null) return [null, null, null, null, null];
  return [
    claim.method,
    claim.path,
    claim.key,
    claim.bodyHash,
    record === null ? null : JSON.stringify(record),
  ];
}

/**
 * Recorded answer of a key that `claimSql` did not get.
 * @throws IdempotencyMismatch: another body. IdempotencyInFlight: the first request has no answer yet.
 */
export async function replay(
  sql: Sql,
  organizationId: string,
  claim: IdempotencyClaim,
): Promise<RecordedResponse> {
  const rows = await sql.read(`SELECT body_hash, response FROM idempotency_keys WHERE ${SAME_CLAIM}`, [
    organizationId,
    claim.method,
    claim.path,
    claim.key,
  ]);
  return answerOf(firstRow(claimRow, rows), claim);
}

function answerOf(row: ClaimRow | null, claim: IdempotencyClaim): RecordedResponse {
  if (row !== null && row.body_hash !== claim.bodyHash)
    throw new IdempotencyMismatch("this key was already used with a different request body");
  if (row?.response == null)
    throw new IdempotencyInFlight("A request with this Idempotency-Key is still being processed");
  return row.response;
}

/**
 * Recorded answer of a key, read without claiming it; null: the key is free, expired or abandoned.
 * @throws IdempotencyMismatch, IdempotencyInFlight
 */
export async function recordedAnswer(
  sql: Sql,
  organizationId: string,
  claim: IdempotencyClaim,
  now: Date,
): Promise<RecordedResponse | null> {
  const rows = await sql.read(
    `SELECT body_hash, response FROM idempotency_keys WHERE ${SAME_CLAIM}
       AND claimed_at >= $5::timestamptz - CASE WHEN response IS NULL THEN interval '60 seconds' ELSE interval '24 hours' END`,
    [organizationId, claim.method, claim.path, claim.key, now],
  );
  const row = firstRow(claimRow, rows);
  return row && answerOf(row, claim);
}

/** Replaces the recorded answer of a claim, if the key still belongs to the same request body. */
export async function rewriteRecord(
  sql: Sql,
  organizationId: string,
  claim: IdempotencyClaim,
  record: RecordedResponse,
): Promise<void> {
  await sql.write(
    `UPDATE idempotency_keys SET response = $6::jsonb
     WHERE ${SAME_CLAIM} AND body_hash = $5`,
    [organizationId, claim.method, claim.path, claim.key, claim.bodyHash, JSON.stringify(record)],
  );
}

const CLAIM = `WITH tenant AS (SELECT id FROM organizations WHERE id = $1::uuid),
  ${claimSql(3, "$1::uuid", "$2::timestamptz", "tenant")}
  SELECT EXISTS (SELECT 1 FROM claimed) AS claimed`;

/** Reads the result of CLAIM, in case its answer is lost. */
const CLAIMED = `SELECT response IS NULL AND body_hash = $5 AND claimed_at = $6::timestamptz AS claimed
  FROM idempotency_keys WHERE ${SAME_CLAIM}`;

const claimedRow = z.object({ claimed: z.boolean() });

/** Idempotency keys of requests whose effect is not in Postgres. */
export function idempotencyStore(sql: Sql): IdempotencyStore {
  const keyOf = (organizationId: string, { method, path, key, bodyHash }: IdempotencyClaim) => [
    organizationId,
    method,
    path,
    key,
    bodyHash,
  ];
  return {
    async claim(organizationId, claim, now) {
      const params = [organizationId, now, ...claimParams(claim, null)];
      const whenStored = { text: CLAIMED, params: [...keyOf(organizationId, claim), now] };
      const { claimed } = onlyRow(claimedRow, await sql.store(CLAIM, params, whenStored));
      return claimed ? null : replay(sql, organizationId, claim);
    },
    record: (organizationId, claim, response) => rewriteRecord(sql, organizationId, claim, response),
    async release(organizationId, claim) {
      await sql.write(
        `DELETE FROM idempotency_keys WHERE ${SAME_CLAIM} AND body_hash = $5 AND response IS NULL`,
        keyOf(organizationId, claim),
      );
    },
  };
}
