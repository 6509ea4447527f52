import type { Client } from "@upstash/workflow";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Unavailable } from "../../../../src/errors.ts";
import type { DeadLetter, RunPublisher } from "../../../../src/ports.ts";
import { readDeadLetters } from "../../../../workflows/dead-letters.ts";
import { batchOf, openDatabase, type Database } from "../../../harness/database.ts";
import { bodyOf, createWorld } from "../access-world.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const AT = Date.UTC(2026, 1, 6);
const JOB = "0199f3c2-8e00-7a10-9b1c-0d2f4a6b8c11";
const PATH = "/api/v1/dead-letters";

test("dead letters are read without bodies and headers: subject and reason of each run", async () => {
  const message = (run: string, path: string, responseBody: string) => ({
    dlqId: `dlq-${run}`,
    workflowRunId: `wfr_${run}`,
    workflowUrl: `https://busbar.test/internal/wf/v1/${path}`,
    labels: [JOB],
    responseBody,
    responseStatus: 500,
    createdAt: AT,
    body: "secret",
    header: { "Upstash-Signature": ["secret"] },
  });
  const messages = [
    message(`${JOB}-7-r2`, "charger", '{"error":"Error","message":"DEPENDENCY_UNAVAILABLE"}'),
    message(JOB, "dispatch", "<html>a proxy said postgres://u:secret@host</html>"),
    message(`eff-${JOB}-r3`, "effects", '{"message":"UNEXPECTED"}'),
    message(`list-${JOB}-r1`, "local-list", '{"message":"UNEXPECTED"}'),
    message(`tag-${JOB}`, "tag-effects", '{"message":"UNEXPECTED"}'),
    message(`tagjob-${JOB}`, "tag-job", '{"message":"UNEXPECTED"}'),
  ];
  const asked: unknown[] = [];
  const list = async (page: unknown) => (asked.push(page), { messages, cursor: "next" });
  const page = await readDeadLetters({ dlq: { list } } as unknown as Client, "here");
  expect(asked).toEqual([{ count: 100, cursor: "here" }]);
  expect(page.cursor).toBe("next");
  expect(page.letters).toMatchObject([
    { work: "charger", subjectId: JOB, seq: 7, reason: "DEPENDENCY_UNAVAILABLE" },
    { work: "batch", subjectId: JOB, seq: null, reason: null, at: new Date(AT) },
    { work: "effects", subjectId: JOB, seq: null, reason: "UNEXPECTED" },
    { work: "localList", subjectId: JOB, seq: null },
    { work: "tagEffects", subjectId: JOB, seq: null },
    { work: "tagJob", subjectId: JOB, seq: null },
  ]);
  expect(JSON.stringify(page)).not.toContain("secret");
});

const letter = (subjectId: string, changed: Partial<DeadLetter> = {}): DeadLetter => ({
  id: `dlq-${subjectId}-${changed.seq ?? ""}`,
  runId: `wfr_${subjectId}`,
  work: "batch",
  subjectId,
  seq: null,
  reason: "DEPENDENCY_UNAVAILABLE",
  responseStatus: 500,
  at: new Date(AT),
  ...changed,
});

/** An import of id tags that is not done, and a change that the registry was not told of. */
async function tagWorkOf(organizationId: string) {
  const [jobId, batchId] = [crypto.randomUUID(), crypto.randomUUID()];
  await db.sql(
    `INSERT INTO id_tag_jobs (id, organization_id, type, status, total, created_at, published_at)
     VALUES ($1::uuid, $2::uuid, 'import', 'PENDING', 1, now(), now())`,
    [jobId, organizationId],
  );
  await db.sql(
    `INSERT INTO id_tag_effects (batch_id, seq, organization_id, shard, key, published_at)
     VALUES ($1::uuid, 0, $2::uuid, 0, 'a', now()), ($1::uuid, 1, $2::uuid, 0, 'b', now())`,
    [batchId, organizationId],
  );
  return { jobId, batchId };
}

test("an organisation sees the failed runs of its own jobs, chargers and id tags, with the job or charger of each, and no others", async () => {
  const letters: DeadLetter[] = [];
  const cursors: Array<string | null> = [];
  const deadLetters: RunPublisher["deadLetters"] = async (cursor) => {
    cursors.push(cursor);
    return { letters, cursor: "next" };
  };
  const world = createWorld({}, { jobs: db.stores.jobs, runs: { deadLetters } as unknown as RunPublisher });
  const [one, other] = [await db.tenant(), await db.tenant()];
  world.organization.id = one.organization.id;
  const [mine, theirs] = [batchOf(one, ["DL-0", "DL-1"]), batchOf(other, ["X"])];
  for (const batch of [mine, theirs]) await db.stores.jobs.accept(batch);
  const [own, foreign] = [await tagWorkOf(one.organization.id), await tagWorkOf(other.organization.id)];
  letters.push(
    letter(mine.jobId),
    letter(mine.jobId, { work: "charger", seq: 1 }),
    letter(mine.chargers[0]?.id ?? "", { work: "settings", reason: null }),
    letter(mine.chargers[1]?.id ?? "", { work: "localList" }),
    letter(own.batchId, { work: "tagEffects" }),
    letter(own.jobId, { work: "tagJob" }),
    letter(foreign.batchId, { work: "tagEffects" }),
    letter(foreign.jobId, { work: "tagJob" }),
    letter(theirs.chargers[0]?.id ?? "", { work: "localList" }),
    letter(theirs.jobId),
    letter(theirs.jobId, { work: "charger", seq: 0 }),
    letter("not-an-id"),
  );
  const key = await world.apiKey("operator");
  const answer = await world.request(`${PATH}?cursor=here`, { headers: { "x-api-key": key } });
  expect(answer.status).toBe(200);
  const failedAt = new Date(AT).toISOString();
  expect(await bodyOf(answer)).toEqual({
    deadLetters: [
      { work: "batch", jobId: mine.jobId, chargeBoxId: null, failedAt },
      { work: "charger", jobId: mine.jobId, chargeBoxId: "DL-1", failedAt },
      { work: "settings", jobId: mine.jobId, chargeBoxId: "DL-0", failedAt, reason: null },
      { work: "localList", jobId: mine.jobId, chargeBoxId: "DL-1", failedAt },
      { work: "tagEffects", jobId: null, chargeBoxId: null, failedAt },
      { work: "tagJob", jobId: own.jobId, chargeBoxId: null, failedAt },
    ].map((expected) => expect.objectContaining(expected)),
    nextCursor: "next",
  });
  expect(cursors).toEqual(["here"]);
});

test("dead letters are 503 while the engine does not answer, and refuse unknown parameters", async () => {
  const deadLetters = () => Promise.reject(new Unavailable("away"));
  const world = createWorld({}, { jobs: db.stores.jobs, runs: { deadLetters } as unknown as RunPublisher });
  const headers = { "x-api-key": await world.apiKey("viewer") };
  expect((await world.request(PATH, { headers })).status).toBe(503);
  expect((await world.request(`${PATH}?page=2`, { headers })).status).toBe(400);
});
