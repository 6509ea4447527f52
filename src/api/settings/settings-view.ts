import type { Context } from "hono";
import { NotFound } from "../../errors.ts";
import type { SessionSnapshot, SettingsView } from "../../ports.ts";
import { accessState } from "../http/access-state.ts";
import type { AppEnv } from "../http/context.ts";
import { knownConnectors } from "../http/known-connectors.ts";

/**
 * A charger and its settings. The row in Postgres may be a second old, so the connection is that of the session.
 * @throws NotFound
 */
export async function settingsViewOf(c: Context<AppEnv>, id: string): Promise<SettingsView> {
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

/** The charger with the state of its session. Values that the session does not have are those of the row in Postgres. */
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
