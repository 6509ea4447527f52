import type { IncomingHttpHeaders } from "node:http";

const isolationLevels: Record<string, string> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

/** The BEGIN of a batch, from the Neon-Batch-* headers. */
export function beginStatement(headers: IncomingHttpHeaders): string {
  const isolation = isolationLevels[String(headers["neon-batch-isolation-level"])];
  const modes = [
    isolation && `ISOLATION LEVEL ${isolation}`,
    accessMode(headers["neon-batch-read-only"], "READ ONLY", "READ WRITE"),
    accessMode(headers["neon-batch-deferrable"], "DEFERRABLE", "NOT DEFERRABLE"),
  ];
  return ["BEGIN", ...modes.filter(Boolean)].join(" ");
}

function accessMode(header: string | string[] | undefined, yes: string, no: string): string | undefined {
  if (header === undefined) return undefined;
  return header === "true" ? yes : no;
}
