import { join } from "node:path";

/** Root directory of the repository. */
export const projectRoot = join(import.meta.dirname, "..", "..");

/** Path of an executable from node_modules. */
export function tool(name: string): string {
  return join(projectRoot, "node_modules", ".bin", name);
}
