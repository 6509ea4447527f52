import { join } from "node:path";

/** The checkout this stack is run from. */
export const projectRoot = join(import.meta.dirname, "..", "..");

/** An executable that came with the project's packages. */
export function tool(name: string): string {
  return join(projectRoot, "node_modules", ".bin", name);
}
