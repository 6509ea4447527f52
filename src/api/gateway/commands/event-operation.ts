import { z } from "@hono/zod-openapi";
import { FAILURES, sendEvents, type EventOrder, type EventReport } from "../../../commands/send-events.ts";
import { NotFound } from "../../../errors.ts";
import type { StationEvent } from "../../../ocpp/station-event.ts";
import type {
  ChargerSelection,
  CommandTarget,
  ItemError as DomainItemError,
  PostedCommand,
} from "../../../ports.ts";
import { recordJson } from "../../http/accepted.ts";
import { isResourceId } from "../../http/resource-id.ts";
import type { BoundOperation } from "../../operation/operations-of.ts";
import { ItemError, itemError } from "../schemas/error.ts";
import { ReplayHeaders } from "../schemas/headers.ts";
import { defineOperation } from "../surface.ts";
import { once } from "./idempotent.ts";
import { type ConnectorFields, MultiTarget, type Place, placeOf } from "./target.ts";

const Command = z.object({
  id: z.string().openapi({ description: "12 hexadecimal characters, new for each charger" }),
  event_type: z.string(),
  ocpp_version: z.string(),
  payload: z.record(z.string(), z.unknown()).openapi({ description: "The event fields of the request" }),
});

const LocationCommandResponse = z
  .object({
    targeted_count: z.number().int(),
    queued_count: z.number().int(),
    failed_count: z.number().int(),
    results: z.array(z.object({ charger_id: z.string(), identity: z.string(), command: Command })),
    failed: z.array(z.object({ charger_id: z.string(), identity: z.string().nullable(), error: ItemError })),
  })
  .openapi("LocationCommandResponse", {
    example: {
      targeted_count: 1,
      queued_count: 1,
      failed_count: 0,
      results: [
        {
          charger_id: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10",
          identity: "CP-CHARGER-789",
          command: {
            id: "f4e5d6c7b8a9",
            event_type: "stop_session",
            ocpp_version: "ocpp1.6",
            payload: { connector_id: 2 },
          },
        },
      ],
      failed: [],
    },
  });

/** One multi-target command. */
interface EventRoute<Shape extends z.ZodRawShape> {
  /** Last segment of the path, as event type with underscores. */
  name: string;
  summary: string;
  description: string;
  /** Fields of `event`. */
  fields: Shape;
  /** True: a field of the event is required, and so is the event. */
  needsEvent?: boolean;
  /** Event of the example of the reference page. */
  example: Record<string, unknown>;
  /** The event at a connector of a simulated charger. */
  event: (
    fields: z.output<z.ZodObject<Shape>>,
    connectorId: number,
    target: CommandTarget,
  ) => StationEvent | DomainItemError;
  /** The OCPP command that does the same at an external charger. Absent: there is none. */
  command?: (
    fields: z.output<z.ZodObject<Shape>>,
    place: Place,
    target: CommandTarget,
  ) => PostedCommand | DomainItemError;
}

/** A command that is queued at every charger of its target and answered before it has its effect. */
export function eventOperation<Shape extends z.ZodRawShape>(route: EventRoute<Shape>): BoundOperation {
  const Event = z.object(route.fields);
  const event = route.needsEvent ? Event : Event.nullish();
  const Body = z
    .object({ target: MultiTarget, event })
    .openapi({ example: { target: { charger_id: "CHARGER_ID" }, event: route.example } });
  return defineOperation({
    operationId: operationIdOf(route.name),
    method: "post",
    path: `/ocpp/commands/${route.name}`,
    tag: "commands",
    summary: route.summary,
    description: route.description,
    role: "operator",
    body: { schema: Body, required: route.needsEvent ?? false },
    isIdempotent: true,
    success: {
      status: 202,
      description: "Command accepted and queued for the target charger(s)",
      schema: LocationCommandResponse,
      headers: ReplayHeaders,
    },
    refusals: [400, 404, 409],
    handle: ({ ports, organization, body, claim }) => {
      const fields = (body.event ?? {}) as z.output<typeof Event>;
      const order: EventOrder = {
        eventFor: (target) => {
          const place = placeOf(target, fields as ConnectorFields);
          return place ? route.event(fields, place.connectorId, target) : INVALID_CONNECTOR;
        },
        commandFor: (target) => {
          if (!route.command) return FAILURES.notSupported;
          const place = placeOf(target, fields as ConnectorFields);
          return place ? route.command(fields, place, target) : INVALID_CONNECTOR;
        },
      };
      return once(ports, organization, claim, async () => {
        const selection = selectionOf(body.target);
        const report = await sendEvents(ports, organization, selection, order);
        const eventType = route.name.replaceAll("-", "_");
        return recordJson(202, shown(body.target, report, eventType, given(fields)), {});
      });
    },
  });
}

/** `plug` becomes `commandPlug`: other surfaces have operations with the plain names. */
function operationIdOf(name: string): string {
  return `command-${name}`.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const INVALID_CONNECTOR: DomainItemError = {
  code: "INVALID_CONNECTOR",
  message: "Charger has no such connector",
  retryable: false,
};

/** @throws NotFound: an id that cannot exist; it does not reach the store */
function selectionOf({ charger_id, location_id, charger_ids }: MultiTarget): ChargerSelection {
  if (charger_id != null) {
    if (!isResourceId(charger_id)) throw new NotFound("Charger", charger_id);
    return { locationId: null, chargerIds: [charger_id] };
  }
  if (location_id == null || !isResourceId(location_id)) throw new NotFound("Location", location_id ?? null);
  return { locationId: location_id, chargerIds: charger_ids?.filter(isResourceId) ?? null };
}

/** The fields that the client gave a value. */
function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

function shown(
  { charger_ids }: MultiTarget,
  { queued, failed }: EventReport,
  eventType: string,
  payload: Record<string, unknown>,
): z.input<typeof LocationCommandResponse> {
  const known = new Set([...queued, ...failed].map(({ target }) => target.chargerId));
  const unknown = [...new Set(charger_ids ?? [])].filter((id) => !known.has(id));
  const items = [
    ...failed.map(({ target, error }) => ({
      charger_id: target.chargerId,
      identity: target.identity,
      error: itemError(error),
    })),
    ...unknown.map((id) => ({ charger_id: id, identity: null, error: NOT_FOUND })),
  ];
  return {
    targeted_count: queued.length + items.length,
    queued_count: queued.length,
    failed_count: items.length,
    results: queued.map(({ target: { chargerId, identity, version }, commandId }) => ({
      charger_id: chargerId,
      identity,
      command: { id: commandId, event_type: eventType, ocpp_version: version ?? "ocpp1.6", payload },
    })),
    failed: items,
  };
}

const NOT_FOUND = { code: "NOT_FOUND", message: "Charger not found in this location", retryable: false };
