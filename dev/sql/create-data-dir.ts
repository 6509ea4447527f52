import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * Makes sure the directory holds a database. A new one is made by a short-lived process under another
 * name and then renamed: a crash half-way leaves nothing that looks like a database, and the memory
 * of initdb, more than the database itself needs, is gone with its process.
 */
export async function createDataDir(dataDir: string): Promise<void> {
  if (existsSync(join(dataDir, "PG_VERSION"))) return;
  const found = await readdir(dataDir).catch(() => []);
  if (found.length > 0) throw new Error(`${dataDir} is not empty and holds no database`);
  const scratch = `${dataDir}.new`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(dirname(dataDir), { recursive: true });
  await mkdir(scratch, { mode: 0o700 });
  const program = fileURLToPath(new URL("./initdb.ts", import.meta.url));
  await promisify(execFile)(process.execPath, [program, scratch], { env: {} });
  await rename(scratch, dataDir);
}
