/**
 * Prepares a fresh clone before a script runs: installs the packages of package-lock.json, checks the version of Node,
 * compiles the OCPP validators, collects the served files. Plain JavaScript for Node 20, because it runs before the Node that comes
 * with the packages exists.
 * Writes to stderr only: stdout belongs to the script that follows.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MIN = [22, 13];
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The packages recorded in a lockfile, or none when the file is missing or half written. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
  } catch {
    return {};
  }
}

/** The C library of this Linux, as a lockfile names it; packages for other systems do not name one. */
function ownLibc() {
  if (process.platform !== "linux") return undefined;
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
}

/** True when a package names this system, or none at all; "!win32" means every system but that one. */
function fits(named, own) {
  const names = [named ?? []].flat();
  const allowed = names.filter((name) => !name.startsWith("!"));
  return !names.includes(`!${own}`) && (allowed.length === 0 || allowed.includes(own));
}

/** npm leaves a package out that is for another system, or that only such a package needs. */
function mayBeAbsent(one, host) {
  if (one.optional !== true && one.devOptional !== true && one.peer !== true) return false;
  const isForCertainSystems = one.os !== undefined || one.cpu !== undefined;
  return !isForCertainSystems || !["os", "cpu", "libc"].every((kind) => fits(one[kind], host[kind]));
}

/** Whether the package's files exist, because npm's record does not show files that were removed or never unpacked. */
function hasFiles(directory, [path, { bin = {} }]) {
  return ["package.json", ...Object.values(bin)].every((name) => existsSync(join(directory, path, name)));
}

/** npm's record of what it installed, written last: an interrupted install has none. */
const recordIn = (directory) => join(directory, "node_modules", ".package-lock.json");

/** The packages that `npm ci` has yet to bring to this system, by their path. Empty when all are there. */
export function missingPackages(
  directory,
  host = { os: process.platform, cpu: process.arch, libc: ownLibc() },
) {
  const wanted = Object.entries(packagesOf(join(directory, "package-lock.json"))).filter(([path]) =>
    path.includes("node_modules/"),
  );
  if (wanted.length === 0) return ["package-lock.json"];
  const present = packagesOf(recordIn(directory));
  const isThere = ([path, one]) => {
    const found = present[path];
    if (found === undefined) return mayBeAbsent(one, host);
    const isSame = found.version === one.version && found.integrity === one.integrity;
    return isSame && hasFiles(directory, [path, one]);
  };
  return wanted.filter((entry) => !isThere(entry)).map(([path]) => path);
}

/** True for "22.13.0" and everything newer. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/**
 * Runs a command to its end, true when it succeeded. Ctrl-C kills it with its children: after SIGTERM npm would run on for
 * half a minute and remove packages that the next run installs.
 */
async function run(command, args) {
  const isWindows = process.platform === "win32";
  const options = { cwd: root, stdio: ["ignore", 2, 2], shell: isWindows, detached: !isWindows };
  const child = spawn(command, args, options);
  let interruption;
  const interrupt = (signal) => {
    interruption ??= signal;
    if (isWindows || child.pid === undefined) child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  const code = await new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", (status) => resolve(status));
  });
  for (const signal of SIGNALS) process.off(signal, interrupt);
  if (interruption) fail(`Interrupted by ${interruption}; the next run begins it again.`, 130);
  return code === 0;
}

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

/** Runs `npm ci`, a second time if it fails: npm does not retry an interrupted download, but has the others in its cache. */
export async function install(npm) {
  // The scripts need both kinds, also when the user's npm configuration omits them.
  const everything = ["--include=dev", "--include=optional"];
  // Inside `npm run --silent` a nested npm is silent about its own failure too. Warnings are about the Node that runs
  // npm; the packages run on the one that comes with them.
  const args = ["ci", ...everything, "--no-audit", "--no-fund", "--loglevel=error"];
  if (await npm(args)) return true;
  process.stderr.write("npm ci failed; trying once more ...\n");
  return npm([...args, "--prefer-offline"]);
}

async function ensurePackages() {
  if (missingPackages(root).length === 0) return;
  process.stderr.write("Installing packages (npm ci) ...\n");
  // npm removes it among the other files; from here on none of them counts.
  rmSync(recordIn(root), { force: true });
  if (!(await install((args) => run("npm", args))))
    fail(
      "npm ci failed; the packages of package-lock.json are not installed. Check the network, then run it by hand.",
    );
  const missing = missingPackages(root);
  if (missing.length > 0) fail(`npm ci did not install ${missing.join(", ")}. Run it by hand to see why.`);
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
      `No package of package-lock.json brings one for ${process.platform} ${process.arch}: ` +
      "install a current Node (https://nodejs.org, or your version manager) and run the command again.",
  );
}

async function ensureBuilt(script, what) {
  if (!(await run(process.execPath, [join(root, "scripts", script)]))) fail(`${what} could not be built.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await ensurePackages();
  ensureNode();
  await ensureBuilt("build-validators.mjs", "The OCPP validators");
  await ensureBuilt("build-assets.mjs", "The served files");
}
