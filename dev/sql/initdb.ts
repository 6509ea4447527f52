import { PGlite } from "@electric-sql/pglite";

/** Creates an empty database in the directory named on the command line. */
const dataDir = process.argv[2];
if (!dataDir) throw new Error("usage: initdb.ts <directory>");
const db = await PGlite.create({ dataDir });
await db.close();
