import { z } from "zod";
import { credentialFromText, credentialText, credentialToText } from "../credential-text.ts";
import type { Recoverable, RecoveryStore } from "../ports.ts";
import { firstRow, parseRows } from "./rows.ts";
import type { Row, Sql } from "./sql.ts";
import { WORK_COLUMNS, workRow } from "./work-rows.ts";

const SELECT = `SELECT ${WORK_COLUMNS}, c.credential,
    coalesce((SELECT s.generation FROM charger_connections s WHERE s.charger_id = c.id), 0) AS generation
  FROM chargers c JOIN organizations o ON o.id = c.organization_id
  WHERE c.deleted_at IS NULL AND c.status = 'READY'`;

const recoverableRow = z.object({ credential: credentialText.nullable(), generation: z.number() });

function recoverables(rows: Row[]): Recoverable[] {
  const works = parseRows(workRow, rows);
  return parseRows(recoverableRow, rows).flatMap(({ credential, generation }, index) => {
    const work = works[index];
    return work ? [{ work, credential: credential && credentialFromText(credential), generation }] : [];
  });
}

/** Chargers per part of the daily check. */
const PART = 500;
/** Chargers per part of a check that an operator asked for (`npm run reconcile`). */
const FULL_PART = 5000;
/** Interval in which all chargers are checked. */
const EVERY = "24 hours";
/** How long deleted chargers are checked as well. */
const DELETED_FOR = "7 days";

/**
 * Writes effects for the next part, in the order of ids. It does nothing while effects of the previous part are left,
 * so that effects do not pile up while objects cannot be reached.
 */
const NEXT = `WITH state AS (
    SELECT r.is_full, r.looked_at, CASE WHEN r.finished_at IS NULL THEN r.cursor_id END AS cursor_id,
      CASE WHEN r.is_full THEN ${FULL_PART} ELSE ${PART} END AS part
    FROM reconciliations r
    WHERE r.name = 'chargers' AND (r.finished_at IS NULL OR r.finished_at < $2::timestamptz - interval '${EVERY}')
      AND NOT EXISTS (SELECT 1 FROM charger_effects e WHERE e.batch_id = r.batch_id) FOR UPDATE
  ), next AS (
    SELECT c.id, c.organization_id, row_number() OVER (ORDER BY c.id) - 1 AS seq
    FROM state s CROSS JOIN LATERAL (
      SELECT c.id, c.organization_id FROM chargers c
      WHERE (s.cursor_id IS NULL OR c.id > s.cursor_id) AND (c.status = 'READY' AND c.deleted_at IS NULL
        OR s.is_full AND c.deleted_at IS NOT NULL OR c.deleted_at > $2::timestamptz - interval '${DELETED_FOR}')
      ORDER BY c.id LIMIT s.part) c
  ), effects AS (
    INSERT INTO charger_effects (batch_id, seq, organization_id, charger_id, kind, published_at)
    SELECT $1::uuid, seq, organization_id, id, 'sync', $2::timestamptz FROM next RETURNING seq
  ), moved AS (
    UPDATE reconciliations r SET batch_id = $1::uuid, cursor_id = (SELECT id FROM next ORDER BY id DESC LIMIT 1),
      looked_at = CASE WHEN s.cursor_id IS NULL THEN 0 ELSE s.looked_at END + (SELECT count(*)::int FROM next),
      finished_at = CASE WHEN (SELECT count(*) FROM next) < s.part THEN $2::timestamptz END,
      is_full = r.is_full AND (SELECT count(*) FROM next) = s.part
    FROM state s WHERE r.name = 'chargers'
  )
  SELECT count(*)::int AS total FROM effects`;

const totalRow = z.object({ total: z.number() });

/** Recovery in Postgres. */
export function recoveryStore(sql: Sql): RecoveryStore {
  return {
    async find({ organizationSlug, identity }) {
      const rows = await sql.read(`${SELECT} AND o.slug = $1 AND c.identity = $2`, [
        organizationSlug,
        identity,
      ]);
      return recoverables(rows)[0] ?? null;
    },

    async list(chargerIds) {
      return recoverables(
        await sql.read(`${SELECT} AND c.id = ANY($1::uuid[])`, [`{${chargerIds.join(",")}}`]),
      );
    },

    async keepCredential(chargerId, credential) {
      await sql.write("UPDATE chargers SET credential = $2::jsonb, key_lost_at = NULL WHERE id = $1::uuid", [
        chargerId,
        JSON.stringify(credentialToText(credential)),
      ]);
    },

    async keysLost(chargerIds, now) {
      await sql.write(
        "UPDATE chargers SET key_lost_at = $2::timestamptz WHERE id = ANY($1::uuid[]) AND credential IS NULL",
        [`{${chargerIds.join(",")}}`, now],
      );
    },

    async next(batchId, now) {
      const total = firstRow(totalRow, await sql.write(NEXT, [batchId, now]))?.total ?? 0;
      return total > 0 ? { id: batchId, total } : null;
    },
  };
}
