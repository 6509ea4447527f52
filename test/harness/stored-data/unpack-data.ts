import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { deserialize, Serializer } from "node:v8";
import { brotliDecompressSync } from "node:zlib";
import { applyMigrations } from "../../../dev/migrate/apply-migrations.ts";
import { readMigrations } from "../../../dev/migrate/read-migrations.ts";
import { openPglite } from "../../../dev/sql/pglite-executor.ts";
import type { PackedData, Scene } from "./pack-data.ts";

/** Numbers and texts this close to the time of packing are times; nothing else in the data looks like them. */
const SPAN_MS = 60 * 24 * 60 * 60 * 1000;
const NS_PER_MS = 1_000_000n;

/**
 * Writes the data directory as it was when its stack was killed, with all times moved so that this happened just now:
 * deadlines, leases and ages are what they were.
 */
export async function unpackData(file: string, directory: string): Promise<Scene> {
  const packed = JSON.parse(String(brotliDecompressSync(readFileSync(file)))) as PackedData;
  const clock = new MovedClock(packed.packedAtMs);
  for (const [name, text] of Object.entries(packed.files)) writeFileSync(join(directory, name), text);
  for (const [path, base64] of Object.entries(packed.databases)) {
    const place = join(directory, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, Buffer.from(base64, "base64"));
    moveDatabase(place, clock);
  }
  await restorePostgres(packed, clock, join(directory, "postgres"));
  return packed.scene;
}

async function restorePostgres(packed: PackedData, clock: MovedClock, dataDir: string): Promise<void> {
  const postgres = await openPglite({ dataDir });
  try {
    const migrations = readMigrations().filter(({ version }) => version <= packed.schemaVersion);
    await postgres.session((session) => applyMigrations(session, { migrations }));
    // Switches triggers and foreign keys off, so that rows are restored unchanged and in any order.
    await postgres.exec("SET session_replication_role = replica");
    for (const [table, json] of Object.entries(packed.tables)) {
      // A migration may have put rows there.
      await postgres.exec(`DELETE FROM ${table}`);
      const query = `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`;
      await postgres.run({ query, params: [clock.text(json)] });
    }
  } finally {
    await postgres.close();
  }
}

/** Moves every time from around the packing to around now, by whole seconds. */
class MovedClock {
  readonly #packedAtMs: number;
  readonly #byMs: number;

  constructor(packedAtMs: number) {
    this.#packedAtMs = packedAtMs;
    this.#byMs = Math.floor((Date.now() - packedAtMs) / 1000) * 1000;
  }

  /** Epoch ms, epoch ns or anything else. */
  integer(value: bigint): bigint {
    if (this.#isTime(value)) return value + BigInt(this.#byMs);
    if (this.#isTime(value / NS_PER_MS)) return value + BigInt(this.#byMs) * NS_PER_MS;
    return value;
  }

  /** A text with epoch ms and ISO 8601 times in it; their fractions and zones stay as they are. */
  text(value: string): string {
    return value
      .replaceAll(/(?<![\w.-])\d{13}(?![\w.-])/g, (digits) => String(this.integer(BigInt(digits))))
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, (time) => {
        const atMs = Date.parse(`${time}Z`);
        return this.#isTime(atMs) ? new Date(atMs + this.#byMs).toISOString().slice(0, 19) : time;
      });
  }

  /** A structured clone. */
  value(value: unknown): unknown {
    if (typeof value === "number")
      return Number.isInteger(value) ? Number(this.integer(BigInt(value))) : value;
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.value(item));
    if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, this.value(item)]));
  }

  #isTime(value: number | bigint): boolean {
    return Math.abs(Number(value) - this.#packedAtMs) < SPAN_MS;
  }
}

function moveDatabase(file: string, clock: MovedClock): void {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const name of tables.map((row) => String(row["name"]))) {
    const select = database.prepare(`SELECT * FROM "${name}"`);
    select.setReadBigInts(true);
    const rows = select.all().map((row) => Object.values(row).map((value) => moved(value, clock)));
    database.exec(`DELETE FROM "${name}"`);
    for (const row of rows)
      database.prepare(`INSERT INTO "${name}" VALUES (${row.map(() => "?").join(", ")})`).run(...row);
  }
  database.close();
}

function moved(value: SQLInputValue, clock: MovedClock): SQLInputValue {
  if (typeof value === "bigint") return clock.integer(value);
  if (typeof value === "string") return clock.text(value);
  // The objects' values are V8 structured clones.
  if (value instanceof Uint8Array) return serializeForWorkerd(clock.value(deserialize(value)));
  return value;
}

/** A value as workerd stores it: `serialize` of Node writes byte arrays in a form that workerd does not read. */
export function serializeForWorkerd(value: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}
