/**
 * Writes `openapi.json` from the routes and the reference in `docs/events.md` from the catalogue of events, or with `--check` fails
 * when a committed file says something else.
 * Usage: node dev/openapi/write-openapi.ts [--check]
 */
import { readFile, writeFile } from "node:fs/promises";
import { buildOpenApi } from "../../src/api/openapi.ts";
import { withEventReference } from "./event-reference.ts";

const root = new URL("../../", import.meta.url);

/** Files and what they have to be, given what they are. */
const FILES: Record<string, (committed: string) => string> = {
  "openapi.json": () => `${JSON.stringify(buildOpenApi(), null, 2)}\n`,
  "docs/events.md": withEventReference,
};

for (const [name, wantedOf] of Object.entries(FILES)) {
  const file = new URL(name, root);
  const committed = await readFile(file, "utf8").catch(() => "");
  const wanted = wantedOf(committed);
  if (committed === wanted) continue;
  if (process.argv.includes("--check")) {
    console.error(`${name} is not what the code says: run \`npm run openapi\` and commit the result`);
    process.exitCode = 1;
  } else await writeFile(file, wanted);
}
