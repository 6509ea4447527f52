import { NotFound } from "../../errors.ts";
import { connectionUrl } from "../../fleet/connection-url.ts";
import { accessState } from "../http/access-state.ts";
import { chargerDetail, detailBody, withSnapshot } from "./charger-body.ts";
import { chargerPath } from "./fields.ts";
import { defineOperation } from "./surface.ts";

export const getCharger = defineOperation({
  method: "get",
  path: "/chargers/{chargeBoxId}",
  operationId: "getRegisteredCharger",
  summary: "Show a charger as its session sees it now",
  tag: "Charger registration",
  role: "viewer",
  params: chargerPath,
  success: { status: 200, description: "The charger", schema: chargerDetail },
  refusals: [404],
  handle: async ({ c, ports, organization, path }) => {
    const identity = path.chargeBoxId;
    const charger = await accessState(c.get("config")).chargers.get(
      `${organization.id}/${identity}`,
      () => ports.chargers.findByIdentity(organization.id, identity),
      ports.clock.now().getTime(),
      c.get("background"),
    );
    if (!charger) throw new NotFound("Charger", identity);
    const ref = { organizationSlug: organization.slug, identity, chargerId: charger.id };
    const session = await ports.sessions.snapshot(ref).catch(() => null);
    const url = connectionUrl(c.get("config").PUBLIC_BASE_URL, organization.slug, identity);
    return detailBody(withSnapshot(charger, session), session, url);
  },
});
