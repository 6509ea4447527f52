import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../../../dev/stack/project.ts";
import { readMigrations } from "../../../../dev/migrate/read-migrations.ts";
import { createScratchDatabase } from "../sql/scratch-sql.ts";

const pgUrl = process.env["BUSBAR_PG_URL"];

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** `npm run migrate` without npm. */
function migrate(env: Record<string, string>): Promise<Outcome> {
  const program = join(projectRoot, "dev", "migrate", "main.ts");
  return new Promise((resolve) => {
    execFile(process.execPath, [program], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe("npm run migrate", () => {
  it("says what is missing without an address", async () => {
    const { code, stderr } = await migrate({});
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^DATABASE_URL is missing\.\n\nUsage: /)]);
  });

  it("refuses a pooled address, whose lock would be somebody else's, without naming its password", async () => {
    const { code, stderr } = await migrate({
      DATABASE_URL: "postgresql://me:s3cret@ep-cool-1-pooler.eu-central-1.aws.neon.tech/db",
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining("use the direct one")]);
    expect(stderr).not.toContain("s3cret");
  });

  it.skipIf(!pgUrl)(
    "brings an empty database up, and again changes nothing",
    { timeout: 60_000 },
    async () => {
      const scratch = await createScratchDatabase(pgUrl ?? "");
      const [first, second] = [
        await migrate({ DATABASE_URL: scratch.url }),
        await migrate({ DATABASE_URL: scratch.url }),
      ];
      await scratch.drop();
      const all = readMigrations();
      const upToDate = `The database is up to date: ${all.length} migrations.\n`;
      const applied = all.map(({ name }) => `Applied ${name}.\n`).join("");
      expect(first).toEqual({ code: 0, stdout: applied + upToDate, stderr: "" });
      expect(second).toEqual({ code: 0, stdout: upToDate, stderr: "" });
    },
  );
});
