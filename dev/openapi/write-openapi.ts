/**
 * Writes `openapi.json` from the routes, or with `--check` fails when the committed file says something else.
 * Usage: node dev/openapi/write-openapi.ts [--check]
 */
import { readFile, writeFile } from "node:fs/promises";
import { buildOpenApi } from "../../src/api/openapi.ts";

const file = new URL("../../openapi.json", import.meta.url);
const wanted = `${JSON.stringify(buildOpenApi(), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const committed = await readFile(file, "utf8").catch(() => "");
  if (committed !== wanted) {
    console.error("openapi.json does not match the routes: run `npm run openapi` and commit the result");
    process.exitCode = 1;
  }
} else {
  await writeFile(file, wanted);
}
