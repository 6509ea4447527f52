import { z } from "@hono/zod-openapi";
import { chargeBoxId, timestamp } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const deadLetter = z.object({
  id: z.string(),
  runId: z.string(),
  work: z.enum(["batch", "charger", "effects", "settings", "tagEffects", "tagJob", "localList", "unknown"]),
  jobId: z.uuid().nullable(),
  chargeBoxId: chargeBoxId.nullable(),
  reason: z.string().nullable().openapi({
    description: "Name of the error, such as UNEXPECTED; null: the run got no answer from Busbar",
  }),
  responseStatus: z.int(),
  failedAt: timestamp,
});

const CURSOR_LENGTH_MAX = 500;

export const listDeadLetters = defineOperation({
  method: "get",
  path: "/dead-letters",
  operationId: "listDeadLetters",
  summary: "List runs of the organisation that the workflow engine gave up, newest first",
  tag: "Operations",
  role: "viewer",
  query: z.strictObject({
    cursor: z.string().min(1).max(CURSOR_LENGTH_MAX).optional().openapi({
      description: "`nextCursor` of the page before. A page may be empty though more follow",
    }),
  }),
  success: {
    status: 200,
    description: "What the sweeper takes up, or an operator has to look at",
    schema: z.object({ deadLetters: z.array(deadLetter), nextCursor: z.string().nullable() }),
  },
  handle: async ({ ports, organization, query }) => {
    const { letters, cursor } = await ports.runs.deadLetters(query.cursor ?? null);
    const own = await ports.jobs.ownSubjects(organization.id, letters);
    const byKey = new Map(own.map((subject) => [`${subject.subjectId} ${subject.seq}`, subject]));
    const deadLetters = letters.flatMap(({ id, runId, work, subjectId, seq, reason, responseStatus, at }) => {
      const subject = byKey.get(`${subjectId} ${seq}`);
      if (!subject) return [];
      const about = { jobId: subject.jobId, chargeBoxId: subject.identity };
      return [{ id, runId, work, ...about, reason, responseStatus, failedAt: at.toISOString() }];
    });
    return { deadLetters, nextCursor: cursor };
  },
});
