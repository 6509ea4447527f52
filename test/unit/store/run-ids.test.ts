import { afterAll, beforeAll, expect, test } from "vitest";
import { chargerSeqOf, runId, runNames } from "../../../src/run-ids.ts";
import { CHARGER_RUN_ID, JOB_RUN_ID } from "../../../src/store/work-rows.ts";
import { openDatabase, type Database } from "../../harness/database.ts";

const JOB = "0199f3c2-8e00-7a10-9b1c-0d2f4a6b8c11";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

test.each([0, 1, 12])("SQL and code name the runs of attempt %d alike", async (attempt) => {
  const [row] = await db.sql.read(
    `SELECT ${JOB_RUN_ID} AS job, ${CHARGER_RUN_ID} AS charger
     FROM (SELECT $1::uuid AS id, $2::int AS attempt) j, (SELECT 7 AS seq) c`,
    [JOB, attempt],
  );
  expect(row).toEqual({ job: runId(runNames.job(JOB)), charger: runId(runNames.charger(JOB, 7, attempt)) });
});

test("the id of a charger's run gives its sequence number back, and no other id gives one", () => {
  expect([0, 3].map((attempt) => chargerSeqOf(runId(runNames.charger(JOB, 7, attempt))))).toEqual([7, 7]);
  const others = [runNames.job(JOB), runNames.job(JOB, 2), runNames.effects(JOB, 1)];
  const settings = [null, 5].map((generation) => runNames.settings(JOB, 3, generation, 1));
  for (const name of [...others, ...settings]) expect(chargerSeqOf(runId(name))).toBeNull();
});
