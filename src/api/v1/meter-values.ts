import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { downsample, meterSamples, type MeterSample } from "../../ocpp/meter-samples.ts";
import type { StoredMeterValues, MeterMessagePage, MeterMessagePlace } from "../../ports.ts";
import { queryInteger, timestamp } from "./fields.ts";
import { defineOperation } from "./surface.ts";
import { transactionPath } from "./transactions.ts";

const MESSAGES_MAX = 500;
/** Messages that one request reads to merge them; a span with more of them is divided between pages. */
const MERGED_MAX = 5000;
const DAY_SECONDS = 86_400;

const value = z.object({
  measurand: z.string().openapi({ example: "Energy.Active.Import.Register" }),
  phase: z.string().nullable().openapi({ description: "null: all phases together" }),
  location: z.string(),
  unit: z.string().nullable(),
  value: z.number(),
});

const meterValue = z.object({
  timestamp,
  context: z.string().nullable().openapi({ description: "null where values were merged" }),
  values: z.array(value),
});

const CURSOR = /^([0-9a-z]{1,9})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

function placeOf(cursor: string): MeterMessagePlace | null {
  const [, time, id] = CURSOR.exec(cursor) ?? [];
  return time && id ? { at: new Date(Number.parseInt(time, 36)), id } : null;
}

const cursorOf = ({ at, id }: MeterMessagePlace) => `${at.getTime().toString(36)}.${id}`;

const query = z.object({
  limit: queryInteger({ min: 1, max: MESSAGES_MAX, fallback: 100 }).openapi({
    description: "Messages of the charger in a page, or spans of time where values are merged",
  }),
  resolutionSeconds: queryInteger({ min: 0, max: DAY_SECONDS, fallback: 0 }).openapi({
    description:
      "Merges the values of each span of this length: of registers the last, of others the mean. 0: all values",
  }),
  after: z
    .string()
    .transform(placeOf)
    .refine((place) => place !== null, "must be `next` of the page before")
    .optional()
    .openapi({ type: "string", description: "`next` of the page before" }),
});

export const listMeterValues = defineOperation({
  method: "get",
  path: "/transactions/{transactionId}/meter-values",
  operationId: "listMeterValues",
  summary: "List the meter values of a transaction, oldest first; they are kept 90 days",
  tag: "Transactions",
  role: "viewer",
  params: transactionPath,
  query,
  success: {
    status: 200,
    description: "One page of meter values",
    schema: z.object({
      transactionId: z.int(),
      meterValues: z.array(meterValue),
      next: z.string().nullable().openapi({ description: "For `after`; null on the last page" }),
    }),
  },
  refusals: [404],
  handle: async ({ ports, organization, path, query: { limit, resolutionSeconds, after = null } }) => {
    const row = await ports.history.transaction(organization.id, path.transactionId);
    if (!row) throw new NotFound("Transaction", path.transactionId);
    const { transactionId } = row;
    const read: ReadMessages = (place, count) =>
      ports.history.meterMessages(organization.id, transactionId, { after: place, limit: count });
    const spanMs = resolutionSeconds * 1000;
    const page = spanMs > 0 ? await spans(read, { after, limit, spanMs }) : await read(after, limit);
    const samples = page.messages.flatMap(({ meterValue: values, at }) => meterSamples(values, at));
    const last = page.messages.at(-1);
    return {
      transactionId,
      meterValues: grouped(spanMs > 0 ? downsample(samples, spanMs) : samples),
      next: last && page.hasMore ? cursorOf(last) : null,
    };
  },
});

type ReadMessages = (after: MeterMessagePlace | null, limit: number) => Promise<MeterMessagePage>;

/** Messages of at most `limit` whole spans. */
async function spans(
  read: ReadMessages,
  { after, limit, spanMs }: { after: MeterMessagePlace | null; limit: number; spanMs: number },
): Promise<MeterMessagePage> {
  const spanOf = ({ at }: StoredMeterValues) => Math.floor(at.getTime() / spanMs);
  const messages: StoredMeterValues[] = [];
  const seen = new Set<number>();
  let hasMore = true;
  while (hasMore && seen.size <= limit && messages.length < MERGED_MAX) {
    const page = await read(messages.at(-1) ?? after, MESSAGES_MAX);
    for (const message of page.messages) seen.add(spanOf(message));
    messages.push(...page.messages);
    ({ hasMore } = page);
  }
  const whole = [...seen].slice(0, limit);
  // The last span may go on in messages that were not read.
  if (hasMore && whole.length === seen.size && whole.length > 1) whole.pop();
  const kept = messages.filter((message) => whole.includes(spanOf(message)));
  return { messages: kept, hasMore: hasMore || kept.length < messages.length };
}

/** Values that were taken at one time and for one reason together. */
function grouped(samples: readonly MeterSample[]): z.infer<typeof meterValue>[] {
  const groups: z.infer<typeof meterValue>[] = [];
  for (const { timestamp: at, context, ...sample } of samples) {
    const last = groups.at(-1);
    if (last?.timestamp === at && last.context === context) last.values.push(sample);
    else groups.push({ timestamp: at, context, values: [sample] });
  }
  return groups;
}
