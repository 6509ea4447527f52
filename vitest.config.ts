import { defineConfig } from "vitest/config";
import { cloudflareTest } from "@cloudflare/vitest-plugin";

const node = (name: string, extra: Record<string, unknown> = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], environment: "node" as const, ...extra },
});

/** Real processes on a shared machine: one file at a time, generous deadlines. */
const stack = { fileParallelism: false, testTimeout: 180_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      node("unit", { testTimeout: 20_000, hookTimeout: 60_000 }),
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { name: "workers", include: ["test/workers/**/*.test.ts"], testTimeout: 20_000 },
      },
      node("contract", stack),
      node("e2e", stack),
      node("faults", stack),
      node("bench", { ...stack, testTimeout: 600_000 }),
    ],
  },
});
