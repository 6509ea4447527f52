import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../stack/project.ts";

export const migrationsDirectory = join(projectRoot, "migrations");

/** One change of the schema: a file `NNNN-what-it-does.sql`. */
export interface Migration {
  version: number;
  /** File name without its ending. */
  name: string;
  text: string;
  /** Builds or drops indexes concurrently, which no transaction can: its statements run one by one. */
  isConcurrent: boolean;
  /** SHA-256 of the text without comments and repeated white space. */
  checksum: string;
}

const FILE_NAME = /^(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.sql$/;
const CONCURRENT = /^-- concurrently\s*$/m;

/** All migrations of a directory in their order. @throws Error naming a file that is out of order */
export function readMigrations(directory: string = migrationsDirectory): Migration[] {
  const files = readdirSync(directory).toSorted();
  return files.map((file, index) => {
    const version = Number(FILE_NAME.exec(file)?.[1] ?? Number.NaN);
    if (version !== index + 1)
      throw new Error(
        `${file}: migrations are named NNNN-what-it-does.sql and numbered from 0001 without gaps`,
      );
    const text = readFileSync(join(directory, file), "utf8");
    return {
      version,
      name: file.slice(0, -".sql".length),
      text,
      isConcurrent: CONCURRENT.test(text),
      checksum: checksumOf(text),
    };
  });
}

function checksumOf(text: string): string {
  const bare = text.replaceAll(/--.*$/gm, "").replaceAll(/\s+/g, " ").trim();
  return createHash("sha256").update(bare).digest("hex");
}
