import { defineConfig } from "vitest/config";
import { cloudflareTest } from "@cloudflare/vitest-plugin";

const node = (name: string, extra: Record<string, unknown> = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], environment: "node" as const, ...extra },
});

/** Real processes on a shared machine: one file at a time, generous deadlines. */
const stack = { fileParallelism: false, testTimeout: 180_000, hookTimeout: 120_000 };
/** Stacks that mostly wait: for a retry, a back-off, a station. */
const waiting = { ...stack, fileParallelism: true, maxWorkers: 2 };

/** A complete configuration whose stores nobody answers at: tests that need one bring their own. */
const WORKER_VARIABLES = {
  PUBLIC_BASE_URL: "http://busbar.test",
  DATABASE_URL: "postgresql://u:p@db.test/busbar",
  NEON_FETCH_ENDPOINT: "http://127.0.0.1:9/sql",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
  UPSTASH_REDIS_REST_TOKEN: "unused",
  JWT_SECRET: "a test secret of more than 32 bytes",
  SETTINGS_TOKEN_SECRET: "a test secret of more than 32 bytes",
  CREDENTIAL_SECRET: "a test secret of more than 32 bytes",
  SIMULATOR_CONNECTS_PER_SECOND: "0",
};

export default defineConfig({
  test: {
    projects: [
      // Left to itself, the runner uses one core less than there are. Loading every module once saves a third of the time.
      node("unit", { testTimeout: 20_000, hookTimeout: 60_000, maxWorkers: 2, isolate: false }),
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: WORKER_VARIABLES },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          setupFiles: ["test/workers/patience.ts"],
          // An intercepted line of an object waits for the next message of the tests; after the last one it waits for ever.
          disableConsoleIntercept: true,
          testTimeout: 20_000,
          maxWorkers: 2,
          isolate: false,
        },
      },
      node("contract", { ...stack, globalSetup: ["test/contract/global-setup.ts"] }),
      node("e2e", waiting),
      node("faults", waiting),
      node("bench", { ...stack, testTimeout: 600_000 }),
    ],
  },
});
