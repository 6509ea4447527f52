import { z } from "@hono/zod-openapi";

const replayed = z
  .string()
  .optional()
  .openapi({ description: "`true` when a repeated Idempotency-Key got the first answer" });
const retryAfter = z
  .string()
  .openapi({ description: "Seconds until the next poll makes sense", example: "1" });

export const ReplayHeaders = z.object({ "Idempotency-Replayed": replayed });

export const CreatedHeaders = z.object({
  Location: z.string().openapi({ description: "Relative URL of the new resource" }),
  "Idempotency-Replayed": replayed,
});

export const AcceptedHeaders = z.object({
  Location: z.string().openapi({ description: "Relative URL to poll; equals `status_url`" }),
  "Retry-After": retryAfter,
  "Idempotency-Replayed": replayed,
});

export const PolledHeaders = z.object({
  ETag: z.string().openapi({ description: "Send it back in If-None-Match to get 304 while nothing changed" }),
  "Retry-After": retryAfter.optional(),
});

export const EntityHeaders = PolledHeaders.pick({ ETag: true });
