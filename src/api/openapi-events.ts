import { z } from "zod";
import { EVENT_CATALOG, type EventDescription } from "../events/catalog.ts";

const HEADERS = {
  "webhook-id": "Id of the event, the same for every attempt",
  "webhook-timestamp": "Time of the attempt, in seconds",
  "webhook-signature": "Signatures by the rules of Standard Webhooks, with a space between them",
};

/** A schema for readers: they must tolerate more fields, and need no limits that only say what a number is. */
function dataSchema({ data }: EventDescription): object {
  const whole = z.toJSONSchema(data, {
    override: ({ jsonSchema: schema }) => {
      if (schema.additionalProperties === false) delete schema.additionalProperties;
      if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
      if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
      if (schema.format !== undefined) delete schema.pattern;
    },
  });
  delete whole.$schema;
  return whole;
}

/** The events as the document lists them under `webhooks`. */
export function eventWebhooks(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(EVENT_CATALOG).map(([name, event]) => [name, { post: webhookOf(name, event) }]),
  );
}

function webhookOf(name: string, event: EventDescription): object {
  const properties = {
    event: { type: "string", const: name },
    timestamp: { type: "string", format: "date-time", description: "When it happened" },
    data: dataSchema(event),
  };
  const example = { event: name, timestamp: "2026-02-06T14:30:00.000Z", data: event.example };
  const schema = { type: "object", required: Object.keys(properties), properties };
  return {
    tags: ["Events"],
    summary: name,
    description: event.when,
    parameters: Object.entries(HEADERS).map(([header, description]) => ({
      name: header,
      in: "header",
      required: true,
      description,
      schema: { type: "string" },
    })),
    requestBody: { required: true, content: { "application/json": { schema, example } } },
    responses: { "2XX": { description: "Received; anything else is tried again" } },
    security: [],
  };
}
