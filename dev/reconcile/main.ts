import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { queryDatabase } from "../bootstrap/query-database.ts";
import { parseFlags } from "../stack/flags.ts";

const USAGE = `Usage: npm run reconcile -- [--data DIR] [--minutes N]

After a restore of the database or of object storage: has the Worker look at every charger, bring lost sessions and
simulated stations back, and end those of deleted chargers; and has it read the tag registry of every organisation anew.
Waits until the chargers are done. Safe to repeat.

  --data DIR    use the database of the stack that runs on this directory
                (default: DATABASE_URL if set, else $BUSBAR_DATA_DIR, else .local)
  --minutes N   how long to wait (default 60); the Worker goes on by itself
`;

const REQUEST = `UPDATE reconciliations SET cursor_id = NULL, finished_at = NULL, is_full = true, looked_at = 0
  WHERE name = 'chargers'`;

/** An organisation may have had its first tags after the copy that was restored: its registry holds them still. */
const REQUEST_TAGS = `INSERT INTO id_tag_sets (organization_id, version, reconciled_at)
  SELECT id, 0, now() - interval '1 year' FROM organizations
  ON CONFLICT (organization_id) DO UPDATE SET reconciled_at = excluded.reconciled_at`;

const PROGRESS = `SELECT r.looked_at, r.finished_at IS NOT NULL AS is_listed,
    (SELECT count(*)::int FROM charger_effects e WHERE e.batch_id = r.batch_id) AS left,
    (SELECT count(*)::int FROM chargers c WHERE c.key_lost_at IS NOT NULL AND c.deleted_at IS NULL) AS keys_lost
  FROM reconciliations r WHERE r.name = 'chargers'`;

const progress = z.object({
  looked_at: z.number(),
  is_listed: z.boolean(),
  left: z.number(),
  keys_lost: z.number(),
});

const POLL_MS = 1000;

async function main(): Promise<void> {
  const flags = parseFlags({ data: { type: "string" }, minutes: { type: "string" } }, USAGE);
  const minutes = Number(flags.text("minutes") ?? 60);
  if (!(minutes > 0)) throw new Error("--minutes takes a number above 0.");
  const query = queryDatabase(process.env, flags.text("data"));
  await query(REQUEST_TAGS, []);
  await query(REQUEST, []);
  process.stdout.write("The Worker looks at all chargers with its next scheduled pass.\n");
  const endMs = Date.now() + minutes * 60_000;
  let shown = "";
  while (Date.now() < endMs) {
    await delay(POLL_MS);
    const { looked_at, is_listed, left, keys_lost } = progress.parse((await query(PROGRESS, []))[0]);
    const line = `${looked_at - left} chargers looked at`;
    if (line !== shown) process.stdout.write(`${line}\n`);
    shown = line;
    if (!is_listed || left > 0) continue;
    process.stdout.write(
      keys_lost === 0
        ? "Done.\n"
        : `Done. ${keys_lost} chargers need a new authorization key: their detail shows authorizationKeyLost.\n`,
    );
    return;
  }
  throw new Error(
    "Not done in time. The Worker goes on by itself; run this again to see how far it has come.",
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
