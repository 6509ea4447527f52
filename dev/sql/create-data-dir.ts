import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { projectRoot } from "../stack/project.ts";

/**
 * Creates a database in the directory unless it holds one. It is a copy of an empty database, which is made once per version of
 * PGlite. The copy is made under another name and renamed, so that a crash half-way leaves no incomplete database.
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

/** Runs initdb in a process of its own, because it takes more memory than the database. @returns the directory with its result */
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
    // Another stack has made it in the meantime.
    await rm(scratch, { recursive: true, force: true });
    if (!existsSync(template)) throw error;
  }
  return template;
}

async function engineVersion(): Promise<string> {
  const manifest = fileURLToPath(new URL("../package.json", import.meta.resolve("@electric-sql/pglite")));
  return (JSON.parse(await readFile(manifest, "utf8")) as { version: string }).version;
}
