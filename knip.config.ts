import type { KnipConfig } from "knip";

/** Finds exports, files and dependencies that nothing uses. Entries are what is started, and not imported, by something. */
const config: KnipConfig = {
  workspaces: {
    ".": {
      // The Worker, the programs of package.json and the tests are found by knip itself.
      entry: [
        // Parts of the local stack, started by the supervisor.
        "dev/*/main.ts",
        "scripts/*.mjs",
        // Worker and process that tests bundle or spawn.
        "test/bench/{commands/bare-worker,cost/worker/metered-worker,empty-step-worker,messages/node-server,messages/storing-worker}.ts",
        "test/e2e/superseding-worker.ts",
        "test/unit/dev/stack/fake-part.ts",
        // Compiled by a test: types alone.
        "test/unit/api/documented-payloads.ts",
        // Programs that a person starts: docs/performance.md and the head of each file say how.
        "test/bench/{,commands/,cost/,messages/}write-table.ts",
        "test/chaos/figures.ts",
        "test/harness/stored-data/make-stored-data.ts",
      ],
      project: ["{src,workflows,dev,test}/**/*.ts", "scripts/**/*.mjs"],
      ignoreDependencies: [
        // Files of it are copied by scripts/build-assets.mjs.
        "swagger-ui-dist",
      ],
      ignoreBinaries: [
        // Of the operating system, and used only where it has them.
        "taskset",
        "apt-get",
        "strace",
      ],
    },
    dashboard: {
      // The script of the reference page, which its HTML loads.
      entry: ["src/client.ts", "public/docs/start.js"],
      // Generated from openapi.json.
      ignore: ["src/api.gen.ts"],
    },
  },
  // A type that is part of an exported signature of its file is named where somebody needs it.
  treatConfigHintsAsErrors: true,
  ignoreExportsUsedInFile: { interface: true, type: true },
};

export default config;
