import { z } from "@hono/zod-openapi";
import { isUuid } from "../http/resource-id.ts";
import { jsonAnswer } from "../operation/document.ts";
import { operationsOf } from "../operation/operations-of.ts";
import { authenticateSettings } from "./authenticate-settings.ts";

export const TAG = "Charger settings";

export const errorBody = z
  .object({ Code: z.int(), Details: z.string(), StackTrace: z.null() })
  .openapi("SettingsApiError");

/** A charger by its id, a UUID in any casing. */
export const chargerParams = z.object({
  id: z.string().refine(isUuid, "must be a UUID").openapi({ format: "uuid" }),
});

const REFUSALS: Record<number, string> = {
  400: "The request is invalid, or the fuse of the location would be exceeded",
  401: "No valid credential",
  403: "Neither owner nor service",
  404: "Unknown in this organisation",
  405: "The path has no such method",
  408: "The body did not arrive in time",
  413: "The body is longer than 1 MiB",
  415: "The body is not JSON by its type",
  429: "Over the rate limit",
  500: "Internal server error",
  503: "A dependency is down; nothing was stored",
};

/**
 * Declares an operation of `/api/chargers`. Order of checks: 401, 429, 403, 413 and 415, 400 with all findings in one
 * sentence, then 404 and the work itself. Every operation is for owners, services and platform admins.
 */
export const defineOperation = operationsOf<"owner", string>({
  admit: () => [authenticateSettings()],
  security: (): Array<Record<string, string[]>> => [{ HTTPBearer: ["owner"] }, { OAuth2: [] }],
  body: {
    maxBytes: 1024 * 1024,
    acceptsType: isAcceptedType,
    mediaTypes: ["application/json", "application/json-patch+json", "text/json", "application/*+json"],
    nullIsEmpty: false,
  },
  checksPath: true,
  queryValues: () => ({}),
  findings: ({ error }) => error.issues.map(({ path, message }) => `${path.join(".")} ${message}`),
  refusals: {
    always: [400, 401, 403, 404, 405, 429, 500, 503],
    withBody: [408, 413, 415],
    describe: (status) => jsonAnswer(REFUSALS[status] ?? "", errorBody),
  },
});

function isAcceptedType(mediaType: string): boolean {
  return mediaType === "text/json" || /^application\/(json|[^/\s]+\+json)$/.test(mediaType);
}
