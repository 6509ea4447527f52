import { readdirSync } from "node:fs";
import { extname, join, relative } from "node:path";
import type { WorkerManifest } from "./worker-bundle.ts";

/** Names of the sockets in the generated configuration. */
export const WORKER_SOCKETS = ["http", "scheduler"] as const;

export interface WorkerConfig {
  manifest: WorkerManifest;
  /** Directory of the bundle; module paths in the configuration are relative to `configDirectory`. */
  bundleDirectory: string;
  configDirectory: string;
  /** Directory of the Durable Objects' SQLite files. Must exist. */
  storageDirectory: string;
  /** Directory of the files that the Worker serves. Must exist. */
  assetsDirectory: string;
  port: number;
  schedulerPort: number;
  /** Names of the Worker's variables. workerd reads the values from its environment, so that none is on disk. */
  variables: readonly string[];
  /** When given, the Worker reaches private networks only at these origins, and never by WebSocket. */
  privateOrigins?: readonly string[];
}

const MODULE_KINDS: Record<string, string> = {
  ".js": "esModule",
  ".mjs": "esModule",
  ".wasm": "wasm",
  ".bin": "data",
};
const TEXT_MODULES = new Set([".txt", ".html", ".sql", ".css"]);

// workerd fires no cron triggers. This Worker calls the scheduled handler when the supervisor sends it a request.
const SCHEDULER = `export default {
  async fetch(request, env) {
    const { cron, scheduledTime } = await request.json();
    const result = await env.APP.scheduled({ cron, scheduledTime: new Date(scheduledTime) });
    return Response.json({ outcome: result.outcome });
  },
};`;

// Requests to addresses that callers chose use the public network only, whatever their names resolve to.
const OUTBOUND = `export default {
  fetch(request, env) {
    const isOurs = env.ORIGINS.includes(new URL(request.url).origin) && !request.headers.has("upgrade");
    return (isOurs ? env.ANY : env.PUBLIC).fetch(request);
  },
};`;

/** A Cap'n Proto text literal. Everything outside printable ASCII is escaped byte by byte. */
export function text(value: string): string {
  const escaped = Array.from(Buffer.from(value, "utf8"), (byte) => {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `"${escaped.join("")}"`;
}

const list = (items: readonly string[]) =>
  items.length === 0 ? "[]" : `[\n    ${items.join(",\n    ")},\n  ]`;

/** Modules of a bundle. The entry comes first: workerd takes the first one as the main module. */
function modules(config: WorkerConfig): string[] {
  const names = readdirSync(config.bundleDirectory).filter((name) => name !== "index.js");
  return ["index.js", ...names].flatMap((name) => {
    const kind = TEXT_MODULES.has(extname(name)) ? "text" : MODULE_KINDS[extname(name)];
    const file = relative(config.configDirectory, join(config.bundleDirectory, name));
    return kind ? [`(name = ${text(name)}, ${kind} = embed ${text(file)})`] : [];
  });
}

function appBindings(config: WorkerConfig): string[] {
  const { assetsBinding } = config.manifest;
  return [
    ...(assetsBinding === null ? [] : [`(name = ${text(assetsBinding)}, service = "assets")`]),
    ...config.manifest.durableObjects.map(
      (one) => `(name = ${text(one.binding)}, durableObjectNamespace = ${text(one.className)})`,
    ),
    ...config.variables.map((name) => `(name = ${text(name)}, fromEnvironment = ${text(name)})`),
  ];
}

function network(name: string, allowed: readonly string[]): string {
  return `(name = ${text(name)}, network = (allow = [${allowed.map(text).join(", ")}], tlsOptions = (trustBrowserCas = true))),`;
}

/** Services that the Worker's `fetch` uses. workerd sends it to the one called "internet". */
function outboundServices({ privateOrigins }: WorkerConfig): string {
  if (!privateOrigins) return network("internet", ["public", "private"]);
  const services = [network("any", ["public", "private"]), network("public", ["public"])];
  return [...services, '(name = "internet", worker = .outbound),'].join("\n    ");
}

function outboundWorker({ privateOrigins, manifest }: WorkerConfig): string {
  if (!privateOrigins) return "";
  return `
const outbound :Workerd.Worker = (
  modules = [(name = "outbound.js", esModule = ${text(OUTBOUND)})],
  compatibilityDate = ${text(manifest.compatibilityDate)},
  bindings = [
    (name = "ORIGINS", json = ${text(JSON.stringify(privateOrigins))}),
    (name = "ANY", service = "any"),
    (name = "PUBLIC", service = "public"),
  ],
  globalOutbound = "public",
);
`;
}

/**
 * Configuration for `workerd serve`: the Worker, its objects on local disk, and the scheduler beside it.
 * Sessions need the garbage collector to end the connections of some closed sockets (see `endUnspoken`).
 * A namespace's `uniqueKey` names its data on disk and derives from the class name: renaming a class starts empty.
 */
export function workerConfig(config: WorkerConfig): string {
  const { manifest } = config;
  const namespaces = manifest.durableObjects.map(
    (one) =>
      `(className = ${text(one.className)}, uniqueKey = ${text(`busbar-${one.className}`)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  v8Flags = ["--expose-gc"],
  services = [
    (name = "app", worker = .app),
    (name = "scheduler", worker = .scheduler),
    (name = "objects", disk = (path = ${text(config.storageDirectory)}, writable = true)),
    (name = "assets", disk = (path = ${text(config.assetsDirectory)})),
    ${outboundServices(config)}
  ],
  sockets = [
    (name = "http", address = ${text(`127.0.0.1:${config.port}`)}, http = (), service = "app"),
    (name = "scheduler", address = ${text(`127.0.0.1:${config.schedulerPort}`)}, http = (), service = "scheduler"),
  ],
);

const app :Workerd.Worker = (
  modules = ${list(modules(config))},
  compatibilityDate = ${text(manifest.compatibilityDate)},
  compatibilityFlags = ${list(manifest.compatibilityFlags.map(text))},
  bindings = ${list(appBindings(config))},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "objects"),
);

const scheduler :Workerd.Worker = (
  modules = [(name = "scheduler.js", esModule = ${text(SCHEDULER)})],
  compatibilityDate = ${text(manifest.compatibilityDate)},
  compatibilityFlags = ["service_binding_extra_handlers"],
  bindings = [(name = "APP", service = "app")],
);
${outboundWorker(config)}`;
}
