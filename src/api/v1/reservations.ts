import { z } from "@hono/zod-openapi";
import { sendCommand } from "../../commands/send-command.ts";
import { Conflict, NotFound } from "../../errors.ts";
import type { ChargerCommand } from "../../ocpp/commands.ts";
import type { ActiveReservation, StoredReservation } from "../../ports.ts";
import type { BoundOperation } from "../operation/operations-of.ts";
import { jsonAnswer } from "../operation/document.ts";
import { InvalidRequest } from "../operation/receive.ts";
import type { OperationRequest } from "../operation/operation.ts";
import {
  answerOf,
  commandQuery,
  expectAnswer,
  stationWord,
  TIMEOUT_DEFAULT_MS,
  wordOf,
} from "./commands/command-operation.ts";
import { chargeBoxId, chargerPath, connectorNumber, queryInteger, timestamp } from "./fields.ts";
import { groupId, TIMES_MS } from "./id-tag-fields.ts";
import type { Issue } from "./issues.ts";
import { tokenOfStart } from "./remote-control.ts";
import { defineOperation } from "./surface.ts";

const TAG = "Reservations";
const status = z.enum(["active", "used", "cancelled", "expired", "removed"]);
const ID = /^rsv_[0-9A-HJKMNP-TV-Z]{26}$/;

const fields = {
  id: z.string().openapi({ example: "rsv_01JKB2M3N4P5Q6R7S8T9V0W1X2" }),
  reservationId: z.int().openapi({ description: "The number that the station knows it by" }),
  chargeBoxId,
  connectorId: z.int().openapi({ description: "0: any" }),
  idTag: z.string(),
  groupId: z.string().nullable(),
  status: status.openapi({
    description: "`used`: by a transaction; `removed`: the station gave it up, or does not hold it",
  }),
  transactionId: z.int().optional().openapi({ description: "That used it up" }),
  expiresAt: timestamp,
  createdAt: timestamp,
};
const reservation = z.object(fields).openapi("Reservation");
const answered = z.object({ ...fields, ...stationWord });

const body = z.strictObject({
  connectorId: connectorNumber(0).openapi({ description: "0: any, where the station supports it" }),
  idTag: tokenOfStart,
  groupId: groupId.optional().openapi({ description: "Tags of this group may use the reservation too" }),
  expiresAt: z.iso.datetime({ offset: true }).refine((time) => Date.parse(time) <= TIMES_MS.last, {
    error: "must be in the years 1 to 9999",
    params: { code: "invalid_value" },
  }),
});

type Call = Pick<
  OperationRequest<unknown, z.infer<typeof commandQuery>, unknown>,
  "ports" | "organization" | "query" | "body"
>;

function send({ ports, organization, query, body: sent }: Call, identity: string, command: ChargerCommand) {
  const timeoutMs = query.timeout * 1000 || TIMEOUT_DEFAULT_MS;
  return answerOf({ identity, body: sent, timeoutMs }, () =>
    sendCommand(ports, organization, identity, command, timeoutMs),
  );
}

const refusedSchema = z.object({
  chargeBoxId,
  connectorId: z.int(),
  status: z.string().openapi({ description: "The station's word in snake_case" }),
  ...stationWord,
});

export const createReservation: BoundOperation = defineOperation({
  method: "post",
  path: "/chargers/{chargeBoxId}/reservations",
  operationId: "createReservation",
  summary: "Reserve a connector for an id tag",
  tag: TAG,
  role: "operator",
  params: chargerPath,
  query: commandQuery,
  body: { schema: body },
  success: { status: 201, description: "The charger has accepted the reservation", schema: answered },
  otherAnswers: { 200: jsonAnswer("The charger refused; nothing is stored", refusedSchema) },
  refusals: [404, 409, 502, 504],
  handle: async (call) => {
    const { path, body: asked, ports } = call;
    const identity = path.chargeBoxId;
    if (Date.parse(asked.expiresAt) <= ports.clock.now().getTime())
      throw new InvalidRequest<Issue>([
        {
          location: "body",
          path: ["expiresAt"],
          code: "too_small",
          message: "expiresAt must be in the future",
        },
      ]);
    const { connectorId, idTag, groupId: group = null } = asked;
    const expiresAt = new Date(asked.expiresAt).toISOString();
    const command = { kind: "reserve", connectorId, idTag, groupId: group, expiresAt } as const;
    const { answer } = await send(call, identity, command);
    const reserved = expectAnswer(answer, "reserved");
    const word = wordOf(answer);
    if (!reserved.reservation)
      return call.c.json({ chargeBoxId: identity, connectorId, status: reserved.status, ...word }, 200);
    return call.c.json({ ...heldBody(reserved.reservation, identity), ...word }, 201);
  },
});

const listQuery = z.object({
  status: status.optional(),
  limit: queryInteger({ min: 1, max: 500, fallback: 50 }),
  after: z
    .string()
    .regex(ID, "must be a `next` of an earlier page")
    .optional()
    .openapi({ description: "`next` of the page before" }),
});

export const listReservations = defineOperation({
  method: "get",
  path: "/chargers/{chargeBoxId}/reservations",
  operationId: "listReservations",
  summary: "List the reservations of a charger, newest first",
  tag: TAG,
  role: "viewer",
  params: chargerPath,
  query: listQuery,
  success: {
    status: 200,
    description: "One page of reservations",
    schema: z.object({
      reservations: z.array(reservation),
      next: z.string().nullable().openapi({ description: "For `after`; null on the last page" }),
    }),
  },
  refusals: [404],
  handle: async ({ ports, organization, path, query: { limit, after = null, status: wanted = null } }) => {
    const charger = await ports.chargers.findByIdentity(organization.id, path.chargeBoxId);
    if (!charger) throw new NotFound("Charger", path.chargeBoxId);
    const filter = { status: wanted, after, limit: limit + 1 };
    const found = await ports.history.reservations(organization.id, charger.id, filter);
    const rows = found.slice(0, limit);
    const next = found.length > limit ? (rows.at(-1)?.id ?? null) : null;
    return { reservations: rows.map((row) => storedBody(row, path.chargeBoxId)), next };
  },
});

export const cancelReservation: BoundOperation = defineOperation({
  method: "delete",
  path: "/chargers/{chargeBoxId}/reservations/{reservation}",
  operationId: "cancelReservation",
  summary: "Cancel a reservation",
  description: "A station refuses only what it does not hold: then the reservation becomes `removed`.",
  tag: TAG,
  role: "operator",
  params: chargerPath.extend({ reservation: z.string().openapi({ description: "The `rsv_` id" }) }),
  query: commandQuery,
  success: { status: 200, description: "The charger does not hold it any more", schema: answered },
  refusals: [404, 409, 502, 504],
  handle: async (call) => {
    const { path, ports, organization } = call;
    const identity = path.chargeBoxId;
    const charger = await ports.chargers.findByIdentity(organization.id, identity);
    if (!charger) throw new NotFound("Charger", identity);
    const session = await ports.sessions.snapshot({ organizationSlug: organization.slug, identity });
    const held = session?.reservations.find(({ id }) => id === path.reservation);
    if (!held) throw await notHeld(call, charger.id, path.reservation);
    const { reservationId } = held;
    const { answer } = await send(call, identity, { kind: "cancelReservation", reservationId });
    const isCancelled = expectAnswer(answer, "status").status === "accepted";
    const ended = isCancelled ? ("cancelled" as const) : ("removed" as const);
    return { ...heldBody(held, identity), status: ended, ...wordOf(answer) };
  },
});

async function notHeld({ ports, organization }: Call, chargerId: string, id: string): Promise<Error> {
  const row = ID.test(id) ? await ports.history.reservation(organization.id, chargerId, id) : null;
  return row ? new Conflict(`Reservation ${id} is not active`) : new NotFound("Reservation", id);
}

/** A reservation as its session knows it. A driver may have used it before the station had answered. */
function heldBody(held: ActiveReservation, identity: string) {
  const { id, reservationId, evseId: connectorId, idTag, groupId: group } = held;
  return {
    id,
    reservationId,
    chargeBoxId: identity,
    connectorId,
    idTag,
    groupId: group,
    status: held.ended?.status ?? ("active" as const),
    ...(held.ended && held.ended.transactionId !== null && { transactionId: held.ended.transactionId }),
    expiresAt: new Date(held.expiresAtMs).toISOString(),
    createdAt: new Date(held.createdAtMs).toISOString(),
  };
}

function storedBody(row: StoredReservation, identity: string): z.infer<typeof reservation> {
  return {
    id: row.id,
    reservationId: row.reservationId,
    chargeBoxId: identity,
    connectorId: row.evseId,
    idTag: row.idTag,
    groupId: row.groupId,
    status: row.status,
    ...(row.transactionId === null ? {} : { transactionId: row.transactionId }),
    expiresAt: row.expiresAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
  };
}
