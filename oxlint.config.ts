import type { OxlintConfig } from "oxlint";

interface Ban {
  group: string[];
  message: string;
}

const ban = (message: string, ...group: string[]): Ban => ({ group, message });

const api = ban("Only app.ts and index.ts reach into api/.", "**/api/**");
const store = ban("Only store/ writes SQL: ask for a port.", "**/store/**");
const cache = ban("Only cache/ spells Redis keys: ask for a port.", "**/cache/**");
const durable = ban("Durable Objects are reached through ports.", "**/durable/**");
const workflows = ban("Runs are started through ports.", "**/workflows/**");
const verbs = ban(
  "Verbs are called from above, never from here.",
  "**/events/**",
  "**/fleet/**",
  "**/commands/**",
  "**/settings/**",
  "**/tags/**",
  "**/webhooks/**",
);
const portUsers = ban(
  "Verbs build on ports, not the other way round.",
  "**/events/**",
  "**/fleet/**",
  "**/commands/**",
  "**/tags/**",
  "**/webhooks/**",
);
const simulator = ban("Only durable/ drives the simulator.", "**/simulator/**");
const wiring = ban("Parts are wired in one place, from above.", "**/wiring.ts", "**/app.ts");
const environment = ban("Configuration arrives as an argument.", "**/env.ts", "**/engine-configuration.ts");
const core = ban("The protocol knows nothing of the system around it.", "**/ports.ts", "**/errors.ts");
const postgres = ban("Only store/ talks to Postgres.", "@neondatabase/**");
const redis = ban("Only cache/ talks to Redis.", "@upstash/redis", "@upstash/redis/**", "@upstash/ratelimit");
const engine = ban(
  "Only workflows/ talks to the engine.",
  "@upstash/workflow",
  "@upstash/workflow/**",
  "@upstash/qstash",
);
const http = ban("Only api/ and the step routes know HTTP.", "hono", "hono/**", "@hono/**");
const runtime = ban("Only durable/ names the runtime.", "cloudflare:*");
const node = ban("The Worker does without Node's modules.", "node:*");
const outside = ban("The product knows neither the local stack nor the tests.", "**/dev/**", "**/test/**");

const vendors = [postgres, redis, engine];
const everywhere = [node, outside];
const pure = [
  ...everywhere,
  ...vendors,
  http,
  runtime,
  wiring,
  environment,
  api,
  store,
  cache,
  durable,
  workflows,
];

const objects = [...everywhere, ...vendors, http, wiring, api, store, cache, workflows];

/** Folders of a session from the lowest up. Each imports those before it. */
const SESSION_FOLDERS = ["storage", "line", "outbound", "inbound", "door", "settings"];
const LOWER_FOLDERS = SESSION_FOLDERS.slice(0, -2);

/**
 * What a folder must not import. The written specifier is matched, so paths are relative and have one spelling.
 * Of two rows that match a file the later replaces the earlier, so it repeats what holds for both.
 */
export const importBans: Record<string, Ban[]> = {
  "src/ocpp/**": [...pure, core, verbs, simulator],
  "src/simulator/**": [...pure, core, verbs],
  "src/{events,fleet,commands,settings,tags,webhooks}/**": [...pure, simulator],
  "src/ports/**": [...pure, simulator, portUsers],
  "src/api/**": [...everywhere, ...vendors, runtime, wiring, store, cache, durable, workflows, simulator],
  "src/store/**": [
    ...everywhere,
    redis,
    engine,
    http,
    runtime,
    wiring,
    api,
    cache,
    durable,
    workflows,
    verbs,
    simulator,
  ],
  "src/cache/**": [
    ...everywhere,
    postgres,
    engine,
    http,
    runtime,
    wiring,
    api,
    store,
    durable,
    workflows,
    verbs,
    simulator,
  ],
  "src/durable/**": objects,
  ...Object.fromEntries(
    LOWER_FOLDERS.map((folder, at) => {
      const higher = SESSION_FOLDERS.slice(at + 1).map((name) => `../${name}/**`);
      const upward = ban("Folders of a session import lower ones only.", ...higher);
      return [`src/durable/session/${folder}/**`, [...objects, upward]];
    }),
  ),
  "workflows/**": [...everywhere, postgres, redis, runtime, wiring, api, store, cache, durable, simulator],
  "src/*.ts": everywhere,
};

const config: OxlintConfig = {
  plugins: ["typescript", "import", "unicorn", "oxc"],
  categories: { correctness: "error" },
  ignorePatterns: ["dist", ".local", "src/ocpp/generated", "dashboard/src/api.gen.ts"],
  rules: {
    // No circle of imports, not even of types.
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "max-lines": ["error", { max: 400 }],
    "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
    "typescript/no-explicit-any": "error",
    "typescript/ban-ts-comment": "error",
    // JSON and OCPP identities are about control characters.
    "no-control-regex": "off",
  },
  overrides: [
    { files: ["test/**"], rules: { "max-lines-per-function": "off" } },
    ...Object.entries(importBans).map(([folder, patterns]) => ({
      files: [folder],
      rules: { "no-restricted-imports": ["error", { patterns }] as ["error", object] },
    })),
  ],
};

export default config;
