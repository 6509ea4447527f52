import type { TestProject } from "vitest/node";
import { startStack } from "../harness/stack.ts";

/** Starts the one stack of this lane. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Bodies that do not come are waited for by a test.
  const stack = await startStack({ env: { BODY_DEADLINE_SECONDS: "5" } });
  const { url, dataDirectory } = stack;
  project.provide("world", { url, sqlUrl: stack.address("sql"), dataDirectory });
  return async () => void (await stack.stop());
}
