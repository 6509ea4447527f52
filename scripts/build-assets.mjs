/**
 * Collects the files that the Worker serves: `dashboard/public/` and the script and style of the reference page with
 * their licence. The result, `dist/assets/`, is uploaded beside the Worker's script and never part of it.
 * Plain JavaScript for Node 20, because it runs before the Node that comes with the packages exists.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const REFERENCE_FILES = {
  "swagger-ui-bundle.js": "swagger-ui-bundle.js",
  "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
  "swagger-ui.css": "swagger-ui.css",
  "favicon-32x32.png": "favicon-32x32.png",
  LICENSE: "swagger-ui.LICENSE.txt",
  NOTICE: "swagger-ui.NOTICE.txt",
};

function filesUnder(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath ?? entry.path, entry.name)));
}

/** Where each file of the result comes from. */
function sources() {
  const own = join(root, "dashboard", "public");
  const reference = join(root, "node_modules", "swagger-ui-dist");
  return new Map([
    ...filesUnder(own).map((name) => [name, join(own, name)]),
    ...Object.entries(REFERENCE_FILES).map(([name, as]) => [join("docs", as), join(reference, name)]),
  ]);
}

/** Replaces each file atomically: two builds may run at once, and a server may read at the same time. */
export function buildAssets(target = join(root, "dist", "assets")) {
  const wanted = sources();
  for (const [name, source] of wanted) {
    const file = join(target, name);
    const content = readFileSync(source);
    if (existsSync(file) && readFileSync(file).equals(content)) continue;
    mkdirSync(dirname(file), { recursive: true });
    // Beside the directory, not in it: a draft must never be uploaded.
    const draft = `${target}.${process.pid}`;
    writeFileSync(draft, content);
    renameSync(draft, file);
  }
  for (const name of filesUnder(target).filter((found) => !wanted.has(found)))
    rmSync(join(target, name), { force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildAssets();
