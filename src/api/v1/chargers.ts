import { z } from "@hono/zod-openapi";
import { setRegistration as set } from "../../commands/set-registration.ts";
import { NotFound } from "../../errors.ts";
import { removeChargers } from "../../fleet/change/change-chargers.ts";
import { connectionUrl } from "../../fleet/address/connection-url.ts";
import { accessState } from "../http/access-state.ts";
import { changeOf } from "../http/context.ts";
import { chargerDetail, chargerSummary, detailBody, summaryBody, withSnapshot } from "./charger-body.ts";
import { chargeBoxId, chargerPath, page, pagination } from "./fields.ts";
import { defineOperation } from "./surface.ts";

const querySchema = z.object({ ...page, status: z.enum(["online", "offline"]).optional() });

export const listChargers = defineOperation({
  method: "get",
  path: "/chargers",
  operationId: "listRegisteredChargers",
  summary: "List chargers, newest first",
  tag: "Charger registration",
  role: "viewer",
  query: querySchema,
  success: {
    status: 200,
    description: "One page of chargers",
    schema: z.object({ chargers: z.array(chargerSummary), pagination }),
  },
  handle: async ({ ports, organization, query: { status, limit, offset } }) => {
    const online = status === undefined ? null : status === "online";
    const { rows, total } = await ports.chargers.listConnected(
      organization.id,
      { online },
      { limit, offset },
    );
    return { chargers: rows.map(summaryBody), pagination: { total, limit, offset } };
  },
});

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

export const deleteCharger = defineOperation({
  method: "delete",
  path: "/chargers/{chargeBoxId}",
  operationId: "deleteRegisteredCharger",
  summary: "Delete a charger; its socket, commands and credentials end with it",
  tag: "Charger registration",
  role: "owner",
  params: chargerPath,
  success: {
    status: 200,
    description: "Gone, and the identity is free",
    schema: z.object({ message: z.string(), chargeBoxId }),
  },
  refusals: [404],
  handle: async ({ c, ports, organization, path }) => {
    const identity = path.chargeBoxId;
    const charger = await ports.chargers.findByIdentity(organization.id, identity);
    if (!charger) throw new NotFound("Charger", identity);
    const ids = await removeChargers(ports, changeOf(c), { locationId: null, chargerIds: [charger.id] });
    if (ids.length === 0) throw new NotFound("Charger", identity);
    return { message: "Charger deleted successfully", chargeBoxId: identity };
  },
});

const registrationStatus = z.enum(["Accepted", "Pending", "Rejected"]);

export const setRegistration = defineOperation({
  method: "put",
  path: "/chargers/{chargeBoxId}/registration",
  operationId: "setChargerRegistration",
  summary: "Set what the next BootNotification is answered; a waiting charger is asked for one when accepted",
  tag: "Charger registration",
  role: "owner",
  params: chargerPath,
  body: { schema: z.strictObject({ status: registrationStatus }) },
  success: {
    status: 200,
    description: "Stored",
    schema: z.object({ chargeBoxId, status: registrationStatus }),
  },
  refusals: [404],
  handle: async ({ ports, organization, path, body }) => {
    await set(ports, organization, path.chargeBoxId, body.status);
    return { chargeBoxId: path.chargeBoxId, status: body.status };
  },
});
