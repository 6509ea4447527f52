/**
 * Makes a fresh clone usable before a script runs: installs what package-lock.json names, checks Node, compiles the
 * OCPP validators, gathers the served files. Plain JavaScript for Node 20, because it runs before the Node that comes
 * with the packages exists.
 * Writes to stderr only: stdout belongs to the script that follows.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MIN = [22, 13];
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The packages recorded in a lockfile, or none when the file is missing or half written. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
  } catch {
    return {};
  }
}

/** True when every package of the lockfile is installed in its version; optional ones may be absent. */
export function isInstalled(directory) {
  const wanted = Object.entries(packagesOf(join(directory, "package-lock.json"))).filter(([path]) =>
    path.includes("node_modules/"),
  );
  // npm writes this file last, and removes it first: an interrupted install has none.
  const present = packagesOf(join(directory, "node_modules", ".package-lock.json"));
  const isThere = ([path, one]) => {
    const found = present[path];
    if (found === undefined) return one.optional === true || one.devOptional === true || one.peer === true;
    return found.version === one.version && found.integrity === one.integrity;
  };
  return wanted.length > 0 && wanted.every(isThere);
}

/** True for "22.13.0" and everything newer. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

function run(command, args) {
  const isWindows = process.platform === "win32";
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell: isWindows });
  return result.status === 0;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Twice if need be: npm gives up on a download that breaks off, and finds what it had before in its cache. */
export function install(npm) {
  // Inside `npm run --silent` a nested npm is silent about its own failure too.
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=warn"];
  if (npm(args)) return true;
  process.stderr.write("npm ci failed; trying once more ...\n");
  return npm([...args, "--prefer-offline"]);
}

function ensurePackages() {
  if (isInstalled(root)) return;
  process.stderr.write("Installing packages (npm ci) ...\n");
  if (!install((args) => run("npm", args)))
    fail(
      "npm ci failed; the packages of package-lock.json are not installed. Check the network, then run it by hand.",
    );
}

/** The version of the `node` that npm scripts will find first on their path. */
function scriptNodeVersion() {
  const bundled = join(root, "node_modules", ".bin", "node");
  const command = existsSync(bundled) ? bundled : "node";
  return spawnSync(command, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
}

function ensureNode() {
  const version = scriptNodeVersion();
  if (isNewEnough(version)) return;
  fail(
    `Busbar needs Node ${NODE_MIN.join(".")} or newer; found ${version || "none"}.\n` +
      `On Linux it comes with the packages. There is no such package for ${process.platform} ${process.arch}: ` +
      "install a current Node (https://nodejs.org, or your version manager) and run the command again.",
  );
}

function ensureBuilt(script, what) {
  if (!run(process.execPath, [join(root, "scripts", script)])) fail(`${what} could not be built.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensurePackages();
  ensureNode();
  ensureBuilt("build-validators.mjs", "The OCPP validators");
  ensureBuilt("build-assets.mjs", "The served files");
}
