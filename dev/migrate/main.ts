import { parseFlags } from "../stack/flags.ts";
import { openPool } from "../sql/pool-executor.ts";
import { applyMigrations } from "./apply-migrations.ts";
import { readMigrations, type Migration } from "./read-migrations.ts";

const USAGE = `Usage: DATABASE_URL=… npm run migrate

Brings the database up to this version of Busbar. Safe beside a running Worker, beside itself and when repeated.

DATABASE_URL is the direct address of the database: one session does the whole work. The local stack needs no
such command, it applies the migrations at its start.
`;

async function main(): Promise<void> {
  parseFlags({}, USAGE);
  const url = process.env["DATABASE_URL"];
  if (!url) throw new Error(`DATABASE_URL is missing.\n\n${USAGE}`);
  refusePooled(url);
  const pool = await openPool(url);
  try {
    const say = (text: string) => void process.stdout.write(`${text}\n`);
    const migrations = readMigrations();
    const applied = ({ name }: Migration) => say(`Applied ${name}.`);
    const waits = ({ name }: Migration) => say(`${name} waits for a lock that another transaction holds.`);
    await pool.session((session) => applyMigrations(session, { migrations, applied, waits }));
    say(`The database is up to date: ${migrations.length} migrations.`);
  } finally {
    await pool.close();
  }
}

/** Refuses a pooled connection: it changes sessions between transactions, so an advisory lock would be lost. */
function refusePooled(url: string): void {
  if (!URL.canParse(url)) throw new Error("DATABASE_URL is not an address.");
  if (/^[^.]+-pooler\./.test(new URL(url).hostname))
    throw new Error(
      "DATABASE_URL is a pooled address: use the direct one, without -pooler in its host name.",
    );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
