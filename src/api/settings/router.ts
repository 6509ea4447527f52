import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { NotFound } from "../../errors.ts";
import type { SessionSnapshot, SettingsView } from "../../ports.ts";
import { updateSettings } from "../../settings/update-settings.ts";
import { accessState } from "../http/access-state.ts";
import type { AppEnv } from "../http/context.ts";
import { readJsonBody } from "../http/json-body.ts";
import { knownConnectors } from "../http/known-connectors.ts";
import { InvalidSettings, settingsError } from "../http/settings-errors.ts";
import { isUuid } from "../http/uuid.ts";
import { authenticateSettings } from "./authenticate-settings.ts";
import { chargerModel } from "./charger-model.ts";
import { chargerState } from "./charger-state.ts";
import { documentSettings, documentTokens } from "./document.ts";
import { issueToken } from "./issue-token.ts";
import { readChanges } from "./read-changes.ts";
import { settingsBody } from "./settings-body.ts";

const BODY_BYTES_MAX = 1024 * 1024;
const INVALID_ID = "id must be a UUID";

/** The settings surface with its token endpoint. Order of checks: 401, 429, 403, 400/413/415, 404. */
export function settingsRouter(): OpenAPIHono<AppEnv> {
  const router = new OpenAPIHono<AppEnv>({ strict: false });
  router.onError(settingsError);
  documentTokens(router);
  documentSettings(router);
  router.post("/oauth/token", issueToken);
  router.get("/.well-known/openid-configuration", discover);
  const admit = authenticateSettings();
  router.post("/api/chargers/:id/update", admit, update);
  router.get("/api/chargers/:id", admit, async (c) => {
    const baseUrl = c.get("config").PUBLIC_BASE_URL;
    // Whom the surface admits has a role.
    const role = c.get("principal").role ?? "viewer";
    const reader = { baseUrl, organizationSlug: c.get("organization").slug, role };
    return c.json(chargerModel(await viewOf(c), reader));
  });
  router.get("/api/chargers/:id/state", admit, async (c) =>
    c.json(chargerState(await viewOf(c), c.get("ports").clock.now())),
  );
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

/** The projection may lag behind outcomes by a second, so the session says how its station is. */
async function viewOf(c: Context<AppEnv>): Promise<SettingsView> {
  const id = c.req.param("id") ?? "";
  if (!isUuid(id)) throw new InvalidSettings(INVALID_ID);
  const ports = c.get("ports");
  const { id: organizationId, slug } = c.get("organization");
  const view = await accessState(c.get("config")).settingsViews.get(
    `${organizationId}/${id.toLowerCase()}`,
    () => ports.settings.view(organizationId, id),
    ports.clock.now().getTime(),
    c.get("background"),
  );
  if (!view) throw new NotFound("Charger", id);
  const ref = { organizationSlug: slug, identity: view.identity, chargerId: view.chargerId };
  return asSessionSees(view, await ports.sessions.snapshot(ref).catch(() => null));
}

/** The charger as its session sees it now; the projection stands in where the session knows nothing. */
function asSessionSees(view: SettingsView, session: SessionSnapshot | null): SettingsView {
  if (session === null) return view;
  const { online, version, serialNumber, firmwareVersion, connectedAtMs, lastMessageAtMs } = session;
  const { connection } = view;
  const isChanged = connection?.online !== online;
  const sinceMs = online ? connectedAtMs : lastMessageAtMs;
  if (connection === null && !online && lastMessageAtMs === null) return view;
  return {
    ...view,
    connection: {
      online,
      ocppVersion: version ?? connection?.ocppVersion ?? null,
      serialNumber: serialNumber ?? connection?.serialNumber ?? null,
      firmwareVersion: firmwareVersion ?? connection?.firmwareVersion ?? null,
      updatedAt:
        isChanged && sinceMs !== null ? new Date(sinceMs) : (connection?.updatedAt ?? view.createdAt),
    },
    connectors: knownConnectors(view.connectors, session),
  };
}

function isAcceptedType(mediaType: string): boolean {
  return mediaType === "text/json" || /^application\/(json|[^/\s]+\+json)$/.test(mediaType);
}

/** The issuer ends with a slash: a client compares it, to the letter, with the address that it asked. */
function discover(c: Context<AppEnv>): Response {
  const issuer = `${c.get("config").PUBLIC_BASE_URL}/`;
  return c.json({ issuer, token_endpoint: `${issuer}oauth/token`, grant_types_supported: ["password"] });
}
