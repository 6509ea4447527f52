import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startSql, type SqlServer } from "../../dev/sql/start-sql.ts";
import { expectOneCredentialEach, expectWholeFleet } from "../harness/auditor.ts";
import { postBatch } from "../harness/fleet.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

const CHARGERS = 300;
const DEADLINE_MS = 150_000;

let directory: string;
let stack: RunningStack;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "busbar-fault-"));
});
afterEach(async () => {
  await stack.stop();
  rmSync(directory, { recursive: true, force: true });
});

test("a batch of 300 simulated chargers ends whole when the database is away for five seconds", async () => {
  const schemaFile = join(import.meta.dirname, "..", "..", "schema.sql");
  const options = { dataDir: join(directory, "pg"), schemaFile };
  let sql: SqlServer = await startSql({ ...options, port: 0 });
  const port = Number(new URL(sql.url).port);
  try {
    stack = await startStack({
      dataDirectory: directory,
      env: {
        DATABASE_URL: "postgresql://u:p@hosted.example/busbar",
        NEON_FETCH_ENDPOINT: `${sql.url}/sql`,
      },
    });
    const batch = await postBatch(stack, { chargers: CHARGERS });
    await batch.until(0.3);
    await sql.close();
    const refused = await fetch(`${stack.url}/ocpp/locations`, {
      method: "POST",
      headers: { authorization: `Bearer ${stack.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "During the outage" }),
    });
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toEqual({ detail: "Service temporarily unavailable" });
    await new Promise((resolve) => setTimeout(resolve, 5000));
    sql = await startSql({ ...options, port });
    await batch.finished(DEADLINE_MS);
    await expectWholeFleet(stack, sql.url, batch, CHARGERS);
    await expectOneCredentialEach(stack, CHARGERS);
  } finally {
    await sql.close();
  }
});
