import { z } from "zod";
import { call, type Access } from "./fleet.ts";

const listed = z.object({
  deliveries: z.array(
    z.object({
      id: z.string(),
      event: z.string(),
      status: z.enum(["pending", "delivered", "failed"]),
      attempts: z.number(),
      responseStatus: z.number().nullable(),
    }),
  ),
});
const page = z.object({
  events: z.array(
    z.looseObject({ id: z.string(), event: z.string(), data: z.record(z.string(), z.unknown()) }),
  ),
  next: z.string().nullable(),
  hasMore: z.boolean(),
});

/** Creates a webhook and returns its id. */
export async function createWebhook(access: Access, body: object): Promise<string> {
  const answer = await call(access, "POST", "/api/v1/webhooks", body);
  if (answer.status !== 201) throw new Error(`webhook: ${answer.status} ${JSON.stringify(answer.body)}`);
  return z.object({ id: z.string() }).parse(answer.body).id;
}

/** The newest 200 deliveries. */
export async function deliveriesOf(access: Access, webhookId: string) {
  const { body } = await call(access, "GET", `/api/v1/webhooks/${webhookId}/deliveries?limit=200`);
  return listed.parse(body).deliveries;
}

/** The whole feed of the organisation. */
export async function feedOf(access: Access) {
  const events: z.infer<typeof page>["events"] = [];
  for (let after = ""; ;) {
    const query = after === "" ? "" : `&after=${after}`;
    const found = page.parse((await call(access, "GET", `/api/v1/events?limit=500${query}`)).body);
    events.push(...found.events);
    if (found.next === null || !found.hasMore) return events;
    after = found.next;
  }
}
