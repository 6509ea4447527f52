import { z } from "zod";
import { OCPP_VERSIONS } from "../ocpp/version.ts";
import type { ChargerSelection, CommandTarget, CommandTargets } from "../ports.ts";
import { recordVersion } from "./charger-rows.ts";
import { isUuid, onlyRow, parseRows, uuidArray } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** Most chargers that one command reaches, and one to tell that there are more. */
const TARGETS_MAX = 1_001;

/** $1 organisation, $2 location or null, $3 ids or null. */
const TARGETS = `WITH place AS (
    SELECT id FROM locations WHERE id = $2::uuid AND organization_id = $1::uuid
  ), target AS (
    SELECT c.id, c.identity, c.runtime, c.status, c.ocpp_version, c.number_of_connectors, c.simulator_host,
      c.desired_count > 0 AS is_running, c.created_at
    FROM chargers c
    WHERE c.organization_id = $1::uuid AND c.deleted_at IS NULL AND ($2::uuid IS NULL OR c.location_id = $2::uuid)
      AND ($3::uuid[] IS NULL OR c.id = ANY($3::uuid[]))
    ORDER BY c.created_at, c.id LIMIT ${TARGETS_MAX}
  )
  SELECT $2::uuid IS NULL OR EXISTS (SELECT 1 FROM place) AS is_location_known, t.*, s.ocpp_version AS connected_version
  FROM (SELECT 1) one LEFT JOIN target t ON true
  LEFT JOIN LATERAL (SELECT ocpp_version FROM charger_connections n WHERE n.charger_id = t.id LIMIT 1) s ON true
  ORDER BY t.created_at, t.id`;

const headRow = z.object({ is_location_known: z.boolean() });

const targetRow = z
  .object({
    id: z.string(),
    identity: z.string(),
    runtime: z.enum(["simulated", "external"]),
    status: z.enum(["PENDING", "PROVISIONING", "READY", "FAILED"]),
    ocpp_version: recordVersion.nullable(),
    connected_version: z.enum(OCPP_VERSIONS).nullable(),
    number_of_connectors: z.number().nullable(),
    simulator_host: z.string().nullable(),
    is_running: z.boolean(),
  })
  .transform((row): CommandTarget => ({
    chargerId: row.id,
    identity: row.identity,
    runtime: row.runtime,
    status: row.status,
    version: versionOf(row),
    connectors: row.number_of_connectors,
    simulatorHost: row.simulator_host,
    isRunning: row.is_running,
  }));

/** A simulated station speaks what its row says, an external one what it connected with. */
function versionOf(row: {
  runtime: string;
  ocpp_version: z.infer<typeof recordVersion> | null;
  connected_version: CommandTarget["version"];
}): CommandTarget["version"] {
  const recorded = OCPP_VERSIONS.find((version) => version.toUpperCase() === row.ocpp_version) ?? null;
  return row.runtime === "external" ? (row.connected_version ?? recorded) : recorded;
}

/** The selected chargers as targets of a command. */
export async function commandTargets(
  sql: Sql,
  organizationId: string,
  { locationId, chargerIds }: ChargerSelection,
): Promise<CommandTargets> {
  if (locationId !== null && !isUuid(locationId)) return { isLocationKnown: false, targets: [] };
  const rows = await sql.read(TARGETS, [organizationId, locationId, uuidArray(chargerIds)]);
  const targets = parseRows(
    targetRow,
    rows.filter((row) => row["id"] !== null),
  );
  return { isLocationKnown: onlyRow(headRow, rows).is_location_known, targets };
}
