import { z } from "zod";
import type { SettingsMerge, SettingsStore, SettingsWork } from "../ports.ts";
import { eventsSql } from "./events.ts";
import { firstRow, isUuid, onlyRow, parseRows } from "./rows.ts";
import { readSettingsView, settingsRow } from "./settings-view.ts";
import type { Sql } from "./sql.ts";

const STUCK_SECONDS = 60;
/**
 * Minutes before the end of a lease at which the sweeper starts a run. A session renews its lease ten minutes after
 * its start; a lease with ten of its thirty minutes left was not renewed.
 */
const RENEW_BEFORE_MINUTES = 10;
const PER_PASS = 500;

/** The outcome of each setting, as JSON. */
const outcomesSql = (states: string) =>
  `(SELECT coalesce(jsonb_object_agg(o.key, o.value ->> 'outcome'), '{}') FROM jsonb_each(coalesce(${states}, '{}')) o)`;

/**
 * CTEs that store an event if outcomes have changed. Needs `stored` with revision and states, `old` with the states before, and
 * `charger`.
 */
const outcomeEventSql = (now: string) => `event AS (
    SELECT 1 AS n, c.organization_id, c.id AS charger_id, c.identity, 'charger.settings_updated' AS type, ${now} AS at,
      jsonb_build_array(s.revision, ${outcomesSql("s.states")}) AS about,
      json_build_object('chargeBoxId', c.identity, 'chargerId', c.id, 'revision', s.revision, 'outcomes', ${outcomesSql("s.states")}) AS data
    FROM stored s, charger c
    WHERE ${outcomesSql("s.states")} <> ${outcomesSql("(SELECT x.states FROM old x)")}
  ), ${eventsSql("event")}`;

/**
 * Merges new values. $3 values, $4 now. Locks the location before the sum of the overrides of its chargers is taken.
 */
const MERGE = `WITH charger AS (
    SELECT id, organization_id, identity, location_id FROM chargers WHERE id = $2::uuid AND organization_id = $1::uuid AND deleted_at IS NULL
  ), wanted AS (SELECT ($3::jsonb ->> 'offlineChargeCurrent')::float8 AS a), old AS (
    SELECT (desired ->> 'offlineChargeCurrent')::float8 AS a, states FROM charger_settings WHERE charger_id = $2::uuid
  ), place AS MATERIALIZED (
    SELECT l.id, l.fuse_limit_a FROM locations l WHERE l.id = (SELECT location_id FROM charger)
      AND l.fuse_limit_a IS NOT NULL AND (SELECT a FROM wanted) > greatest(coalesce((SELECT a FROM old), 0), 0) FOR UPDATE
  ), refused AS MATERIALIZED (
    SELECT 1 FROM place p WHERE offline_overrides_a(p.id, $2::uuid) + (SELECT a FROM wanted) > p.fuse_limit_a
  ), stored AS (
    INSERT INTO charger_settings AS s (charger_id, revision, desired, states, next_at, updated_at)
    SELECT id, 1, $3::jsonb, (SELECT jsonb_object_agg(key, ${pending("1")}) FROM jsonb_each($3::jsonb)), $4::timestamptz, $4::timestamptz
    FROM charger WHERE NOT EXISTS (SELECT 1 FROM refused)
    ON CONFLICT (charger_id) DO UPDATE SET revision = s.revision + 1, desired = s.desired || excluded.desired,
      states = s.states || (SELECT jsonb_object_agg(n.key, coalesce(s.states -> n.key, '{}') || ${pending("s.revision + 1")})
        FROM jsonb_each(excluded.desired) n WHERE s.desired -> n.key IS DISTINCT FROM n.value),
      attempt = 0, next_at = excluded.next_at, updated_at = excluded.updated_at
      WHERE NOT s.desired @> excluded.desired
    RETURNING revision, states
  ), ${outcomeEventSql("$4::timestamptz")}
  SELECT EXISTS (SELECT 1 FROM charger) AS known, EXISTS (SELECT 1 FROM refused) AS refused,
    (SELECT revision FROM stored) AS revision`;

function pending(revision: string): string {
  return `jsonb_build_object('outcome', 'pending', 'revision', ${revision}, 'reported', null, 'verified', false,
    'detail', null, 'reboots', 0, 'updatedAt', $5::text)`;
}

const MERGED = `SELECT true AS known, false AS refused, revision FROM charger_settings
  WHERE charger_id = $1::uuid AND updated_at = $2::timestamptz`;

const mergeRow = z.object({ known: z.boolean(), refused: z.boolean(), revision: z.number().nullable() });

/** Stores results of a run. A setting that changed after the run read it keeps its newer state. */
const RECORD = `WITH old AS (
    SELECT states FROM charger_settings WHERE charger_id = $1::uuid FOR UPDATE
  ), stored AS (
    UPDATE charger_settings s SET station = $4::jsonb, lease_until = $6::timestamptz,
      states = s.states || (SELECT coalesce(jsonb_object_agg(r.key, (s.states -> r.key) || r.value), '{}')
        FROM jsonb_each($3::jsonb) r WHERE (s.states -> r.key ->> 'revision')::int <= $2::int),
      next_at = CASE WHEN s.revision > $2::int THEN s.next_at ELSE $5::timestamptz END
    FROM old WHERE s.charger_id = $1::uuid
    RETURNING s.revision, s.states
  ), charger AS (
    SELECT id, organization_id, identity FROM chargers WHERE id = $1::uuid
  ), ${outcomeEventSql("date_trunc('milliseconds', now())")}
  SELECT revision FROM stored`;

/** Condition: the station now has another firmware or OCPP version than the settings were settled for. */
const OTHER_STATION = `s.station ? 'version' AND (s.station ->> 'version' IS DISTINCT FROM k.ocpp_version
  OR s.station ->> 'firmware' IS DISTINCT FROM k.firmware_version)`;

/**
 * Chargers that need a settings run. Values that wait for a reboot are not among them: the next connection starts
 * their run.
 */
const DUE = `WITH waiting AS (
    SELECT s.charger_id FROM charger_settings s JOIN charger_connections k ON k.charger_id = s.charger_id AND k.online
    JOIN chargers c ON c.id = s.charger_id AND c.deleted_at IS NULL
    WHERE (s.next_at < $1::timestamptz - interval '${STUCK_SECONDS} seconds'
        AND (jsonb_path_exists(s.states, '$.*.outcome ? (@ == "pending")') OR ${OTHER_STATION}))
      OR (s.lease_until < $1::timestamptz + interval '${RENEW_BEFORE_MINUTES} minutes'
        AND coalesce(s.next_at, s.updated_at) < $1::timestamptz - interval '${STUCK_SECONDS} seconds')
    LIMIT ${PER_PASS}
  )
  UPDATE charger_settings s SET attempt = s.attempt + 1, next_at = $1::timestamptz FROM waiting w
  WHERE s.charger_id = w.charger_id RETURNING s.charger_id, s.revision, s.attempt`;

const dueRow = z
  .object({ charger_id: z.string(), revision: z.number(), attempt: z.number() })
  .transform(({ charger_id, ...row }) => ({ chargerId: charger_id, ...row }));

const WORK = `SELECT c.id, o.slug, c.identity, c.number_of_connectors, s.revision, s.desired, s.states, s.station, s.updated_at
  FROM charger_settings s JOIN chargers c ON c.id = s.charger_id JOIN organizations o ON o.id = c.organization_id
  WHERE s.charger_id = $1::uuid AND c.deleted_at IS NULL`;

const workRow = z
  .object({
    id: z.string(),
    slug: z.string(),
    identity: z.string(),
    number_of_connectors: z.number().nullable(),
  })
  .transform((row): Omit<SettingsWork, "settings"> => ({
    chargerId: row.id,
    organizationSlug: row.slug,
    identity: row.identity,
    numberOfConnectors: row.number_of_connectors,
  }));

/** Settings in Postgres. */
export function settingsStore(sql: Sql): SettingsStore {
  return {
    async merge(organizationId, chargerId, changes, now): Promise<SettingsMerge> {
      const params = [organizationId, chargerId, JSON.stringify(changes), now, now.toISOString()];
      const row = onlyRow(
        mergeRow,
        await sql.store(MERGE, params, { text: MERGED, params: [chargerId, now] }),
      );
      if (!row.known) return { kind: "unknown" };
      if (row.refused) return { kind: "fuseLimit" };
      return row.revision === null ? { kind: "unchanged" } : { kind: "stored", revision: row.revision };
    },

    view: (organizationId, chargerId) => readSettingsView(sql, organizationId, chargerId),

    async work(chargerId) {
      if (!isUuid(chargerId)) return null;
      const rows = await sql.read(WORK, [chargerId]);
      const charger = firstRow(workRow, rows);
      const settings = firstRow(settingsRow, rows);
      return charger && settings && { ...charger, settings };
    },

    async record(chargerId, revision, results, station, nextAt) {
      const leaseUntil = station.leaseUntilMs === undefined ? null : new Date(station.leaseUntilMs);
      const texts = [JSON.stringify(results), JSON.stringify(station)];
      await sql.write(RECORD, [chargerId, revision, ...texts, nextAt, leaseUntil]);
    },

    due: async (now) => parseRows(dueRow, await sql.write(DUE, [now])),
  };
}
