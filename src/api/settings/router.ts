import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { NotFound } from "../../errors.ts";
import type { SettingsView } from "../../ports.ts";
import { updateSettings } from "../../settings/update-settings.ts";
import type { AppEnv } from "../http/context.ts";
import { readJsonBody } from "../http/json-body.ts";
import { InvalidSettings, settingsError } from "../http/settings-errors.ts";
import { isUuid } from "../http/uuid.ts";
import { authenticateSettings } from "./authenticate-settings.ts";
import { chargerModel } from "./charger-model.ts";
import { chargerState } from "./charger-state.ts";
import { documentSettings } from "./document.ts";
import { issueToken } from "./issue-token.ts";
import { readChanges } from "./read-changes.ts";
import { settingsBody } from "./settings-body.ts";

const BODY_BYTES_MAX = 1024 * 1024;
const INVALID_ID = "id must be a UUID";

/** The settings surface with its token endpoint. Order of checks: 401, 429, 403, 400/413/415, 404. */
export function settingsRouter(): OpenAPIHono<AppEnv> {
  const router = new OpenAPIHono<AppEnv>({ strict: false });
  router.onError(settingsError);
  documentSettings(router);
  router.post("/oauth/token", issueToken);
  router.get("/.well-known/openid-configuration", discover);
  const admit = authenticateSettings();
  router.post("/api/chargers/:id/update", admit, update);
  router.get("/api/chargers/:id", admit, async (c) => {
    const base = c.get("config").PUBLIC_BASE_URL;
    return c.json(chargerModel(await viewOf(c), base, c.get("organization").slug));
  });
  router.get("/api/chargers/:id/state", admit, async (c) => c.json(chargerState(await viewOf(c))));
  router.get("/api/chargers/:id/settings", admit, async (c) => c.json(settingsBody(await viewOf(c))));
  return router;
}

/** 200 means stored; what becomes of it is read from the settings. */
async function update(c: Context<AppEnv>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const body = await readJsonBody(c.req.raw, {
    maxBytes: BODY_BYTES_MAX,
    deadlineMs: c.get("config").BODY_DEADLINE_SECONDS * 1000,
    acceptsType: isAcceptedType,
  });
  const { changes, problems } = readChanges(body.kind === "empty" ? {} : body.value);
  if (!isUuid(id)) problems.unshift(INVALID_ID);
  if (problems.length > 0) throw new InvalidSettings(problems.join("; "));
  const change = { organizationId: c.get("organization").id, background: c.get("background") };
  await updateSettings(c.get("ports"), change, id.toLowerCase(), changes);
  return c.body(null, 200, { "Content-Length": "0" });
}

async function viewOf(c: Context<AppEnv>): Promise<SettingsView> {
  const id = c.req.param("id") ?? "";
  if (!isUuid(id)) throw new InvalidSettings(INVALID_ID);
  const view = await c.get("ports").settings.view(c.get("organization").id, id);
  if (!view) throw new NotFound("Charger", id);
  return view;
}

function isAcceptedType(mediaType: string): boolean {
  return mediaType === "text/json" || /^application\/(json|[^/\s]+\+json)$/.test(mediaType);
}

function discover(c: Context<AppEnv>): Response {
  const issuer = c.get("config").PUBLIC_BASE_URL;
  return c.json({ issuer, token_endpoint: `${issuer}/oauth/token`, grant_types_supported: ["password"] });
}
