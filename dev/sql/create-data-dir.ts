import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { projectRoot } from "../stack/project.ts";

/**
 * Makes sure the directory holds a database: a copy of an empty one, which is made once for each version of the engine.
 * It appears under another name and is then renamed: a crash half-way leaves nothing that looks like a database.
 */
export async function createDataDir(dataDir: string): Promise<void> {
  if (existsSync(join(dataDir, "PG_VERSION"))) return;
  const found = await readdir(dataDir).catch(() => []);
  if (found.length > 0)
    throw new Error(
      `${dataDir} is not empty and holds no database (no PG_VERSION). Put it back from a copy, or start empty with ` +
        "another data directory.",
    );
  const scratch = `${dataDir}.new`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(dirname(dataDir), { recursive: true });
  await cp(await emptyDatabase(), scratch, { recursive: true, mode: constants.COPYFILE_FICLONE });
  await rename(scratch, dataDir);
}

/** initdb needs seconds and more memory than the database itself: it runs once, in a process that ends. */
async function emptyDatabase(): Promise<string> {
  const store = join(projectRoot, "dist", "postgres");
  const template = join(store, await engineVersion());
  if (existsSync(template)) return template;
  const scratch = `${template}.${process.pid}`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(store, { recursive: true });
  await mkdir(scratch, { mode: 0o700 });
  const program = fileURLToPath(new URL("./initdb.ts", import.meta.url));
  await promisify(execFile)(process.execPath, [program, scratch], { env: {} });
  try {
    await rename(scratch, template);
  } catch (error) {
    // Another stack was faster: its database is as empty.
    await rm(scratch, { recursive: true, force: true });
    if (!existsSync(template)) throw error;
  }
  return template;
}

async function engineVersion(): Promise<string> {
  const manifest = fileURLToPath(new URL("../package.json", import.meta.resolve("@electric-sql/pglite")));
  return (JSON.parse(await readFile(manifest, "utf8")) as { version: string }).version;
}
