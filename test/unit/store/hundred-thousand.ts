import { applyMigrations } from "../../../dev/migrate/apply-migrations.ts";
import { readMigrations } from "../../../dev/migrate/read-migrations.ts";
import type { SqlExecutor } from "../../../dev/sql/executor.ts";
import { parameterText } from "../../../dev/sql/sql-routes.ts";
import type { Row } from "../../../src/store/sql.ts";

export const ORGANIZATION = "00000000-0000-7000-8000-0000000000a1";
/** Of its 100,000 chargers. */
export const LOCATION = "00000000-0000-7000-8001-000000000001";
export const JOB = "00000000-0000-7000-8002-000000000001";
export const CHARGERS = 100_000;
export const LOCATIONS = 1_000;
/** A tenth are blocked, a quarter limited to one of 2,500 chargers. */
export const TAGS = 100_000;
/** Of 200 of those tags, which are far apart. */
export const GROUP = "POLICE";
/** Of those 2,500. */
export const CHARGER = "00000000-0000-7000-8003-000000000005";

const id = (kind: string, n: string) =>
  `('00000000-0000-7000-${kind}-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const at = (n: string) => `timestamptz '2026-01-01Z' + (${n}) * interval '10 milliseconds'`;

/** Chargers of two organisations in ten batches: most are READY, two of five are connected. */
const ROWS = `
  INSERT INTO organizations (id, slug, name) VALUES ('${ORGANIZATION}', 'big', 'Big'),
    ('00000000-0000-7000-8000-0000000000a2', 'other', 'Other');
  INSERT INTO locations (id, organization_id, slug, name, created_at, updated_at)
    SELECT ${id("8001", "n")}, '${ORGANIZATION}', 'l' || n, 'L', ${at("n")}, now() FROM generate_series(1, ${LOCATIONS}) n;
  INSERT INTO jobs (id, organization_id, location_id, type, status, total, created_at, published_at)
    SELECT ${id("8002", "n")}, '${ORGANIZATION}', '${LOCATION}', 'location_chargers_create',
      CASE WHEN n = 10 THEN 'PROVISIONING' ELSE 'READY' END, 10000, now(), now() FROM generate_series(1, 10) n;
  INSERT INTO chargers (id, organization_id, identity, vendor_name, model, ocpp_version, number_of_connectors,
      max_charging_power, connector_type, location_id, runtime, job_id, seq, status, created_at, updated_at, settled_at)
    SELECT ${id("8003", "n")},
      CASE WHEN n > ${CHARGERS} THEN '00000000-0000-7000-8000-0000000000a2' ELSE '${ORGANIZATION}' END::uuid,
      'SITE-' || n % 100 || '-' || n, 'Generic', 'Generic AC 22 kW', 'OCPP1.6', 1, 22000, 'Type2',
      ${id("8001", "n / 10000 + 1")}, 'external', ${id("8002", "least(n / 10000 + 1, 10)")}, n,
      CASE WHEN n % 1000 = 1 THEN 'FAILED' WHEN n % 1000 = 2 THEN 'PENDING' ELSE 'READY' END, ${at("n")}, now(), now()
    FROM generate_series(1, ${CHARGERS + 5_000}) n;
  INSERT INTO charger_connections (charger_id, online, generation, updated_at, organization_id, created_at)
    SELECT id, seq % 5 < 2, 1, now(), organization_id, created_at FROM chargers WHERE seq % 10 > 0;
  INSERT INTO id_tags (id, organization_id, id_tag, key, shard, group_id, status, is_scoped, created_at, updated_at)
    SELECT 'tag_' || lpad(n::text, 26, '0'),
      CASE WHEN n > ${TAGS} THEN '00000000-0000-7000-8000-0000000000a2' ELSE '${ORGANIZATION}' END::uuid, 'CARD-' || n,
      'card-' || n, n % 16, CASE WHEN n % 500 = 0 THEN '${GROUP}' END, CASE WHEN n % 10 = 0 THEN 'blocked' ELSE 'active' END, n % 4 = 0, ${at("n")}, now()
    FROM generate_series(1, ${TAGS + 5_000}) n;
  INSERT INTO id_tag_chargers SELECT 'tag_' || lpad(n::text, 26, '0'), ${id("8003", "n % 10000 + 1")}
    FROM generate_series(4, ${TAGS}, 4) n;
  INSERT INTO id_tag_sets VALUES ('${ORGANIZATION}', 1, now());
  INSERT INTO connectors SELECT id, 1, 1, 'Available', 'NoError', now() FROM chargers;`;

/** Makes everything of an empty database. */
export async function fillDatabase(database: SqlExecutor): Promise<void> {
  await database.session((session) => applyMigrations(session, { migrations: readMigrations() }));
  await database.exec(ROWS);
}

/** Of the organisation. */
export const TRANSACTIONS = 100_000;

/** Transactions of 500 chargers, one of them deleted, and of 200 tags, three to a minute; a tenth is of another organisation. */
const TRANSACTION_ROWS = `
  INSERT INTO organizations (id, slug, name) VALUES ('${ORGANIZATION}', 'big', 'Big'),
    ('00000000-0000-7000-8000-0000000000a2', 'other', 'Other');
  INSERT INTO chargers (id, organization_id, identity, vendor_name, model, ocpp_version, number_of_connectors,
      max_charging_power, connector_type, runtime, status, created_at, updated_at, settled_at, deleted_at)
    SELECT ${id("8003", "n")}, '${ORGANIZATION}', 'CP-' || n, 'Generic', 'Generic AC 22 kW', 'OCPP1.6', 1, 22000, 'Type2',
      'external', 'READY', now(), now(), now(), CASE WHEN n = 3 THEN now() END FROM generate_series(0, 499) n;
  INSERT INTO transactions (id, organization_id, transaction_id, charger_id, evse_id, connector_id, id_tag, status,
      started_at, revision, updated_at)
    SELECT 'txn_' || n, CASE WHEN n > ${TRANSACTIONS} THEN '00000000-0000-7000-8000-0000000000a2' ELSE '${ORGANIZATION}' END::uuid,
      n, ${id("8003", "n % 500")}, 1, 1, 'TAG' || n % 200,
      CASE WHEN n % 2000 = 1 THEN 'in_progress' WHEN n % 1000 = 2 THEN 'expired' WHEN n % 5000 = 3 THEN 'pending'
        ELSE 'completed' END,
      timestamptz '2026-01-01Z' + n * interval '20 seconds', 2, now()
    FROM generate_series(1, ${TRANSACTIONS} * 11 / 10) n;`;

/** Makes transactions in an empty database, and the statistics that a server has of them. */
export async function fillTransactions(database: SqlExecutor): Promise<void> {
  await database.session((session) => applyMigrations(session, { migrations: readMigrations() }));
  await database.exec(TRANSACTION_ROWS);
  await database.run({ query: "VACUUM (ANALYZE)", params: [] });
}

export interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Sort Space Type"?: string;
  "Heap Fetches"?: number;
  Plans?: PlanNode[];
}

export interface Explained {
  nodes: PlanNode[];
  milliseconds: number;
}

/** What a store function asks is explained and answered with `row`: every statement, with the rows it really read. */
export function explaining(database: SqlExecutor, row: Row = { total: 0, id: null }) {
  const explained: Explained[] = [];
  const read = async (text: string, params: unknown[]): Promise<Row[]> => {
    const statement = {
      query: `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
      params: params.map(parameterText),
    };
    const { rows } = await database.run(statement);
    const [{ Plan: plan, "Execution Time": milliseconds }] = JSON.parse(rows[0]?.[0] ?? "") as [
      { Plan: PlanNode; "Execution Time": number },
    ];
    explained.push({ nodes: flat(plan), milliseconds });
    return [row];
  };
  return { read, explained };
}

function flat(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flat)];
}

/** Rows a node read, whether or not it passed them on. */
export function rowsRead(node: PlanNode): number {
  return (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"];
}
