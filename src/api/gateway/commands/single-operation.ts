import { z } from "@hono/zod-openapi";
import { awaitEvent, type EventOutcome } from "../../../commands/await-event.ts";
import { replacingList } from "../../../commands/replacing-list.ts";
import { sendCommand, type CommandFailure } from "../../../commands/send-command.ts";
import { FAILURES, refusalOf } from "../../../commands/send-events.ts";
import { NotFound, Policy, Unavailable } from "../../../errors.ts";
import type { ChargerCommand, CommandAnswer } from "../../../ocpp/commands.ts";
import type { JsonObject } from "../../../ocpp/json.ts";
import type { StationEvent } from "../../../ocpp/station-event.ts";
import type { CommandTarget, Organization, Ports } from "../../../ports.ts";
import { recordJson } from "../../http/accepted.ts";
import { isResourceId } from "../../http/resource-id.ts";
import type { Operation } from "../../operation/operation.ts";
import type { BoundOperation } from "../../operation/operations-of.ts";
import { CommandRefused } from "../command-refused.ts";
import type { Finding } from "../findings.ts";
import { queryInteger } from "../schemas/fields.ts";
import { ReplayHeaders } from "../schemas/headers.ts";
import { defineOperation } from "../surface.ts";
import { once } from "./idempotent.ts";
import { SingleTarget } from "./target.ts";

/** Also the default. A longer wait could end after the idempotency key of the request is free again. */
const TIMEOUT_SECONDS_MAX = 30;

const query = z.object({
  timeout: queryInteger({ min: 1, max: TIMEOUT_SECONDS_MAX, fallback: TIMEOUT_SECONDS_MAX }).openapi({
    description: "Seconds to wait for what the charger answers",
  }),
});

/** A charger that takes commands now, and the ways to it. */
export interface Reached {
  ports: Ports;
  organization: Organization;
  target: CommandTarget;
  allowPrivateTargets: boolean;
  /** Lets an event happen at a simulated station and returns its result. @throws CommandRefused */
  event(event: StationEvent): Promise<JsonObject>;
  /** Sends a command to an external station and returns its answer, of the kind that it promises. @throws CommandRefused */
  command<Kind extends CommandAnswer["kind"]>(
    command: ChargerCommand,
    kind: Kind,
  ): Promise<Extract<CommandAnswer, { kind: Kind }>>;
}

/** One single-target command: it is answered when it is done. */
interface SingleRoute<Event, Answer> {
  /** Last segments of the path. */
  name: string;
  summary: string;
  description: string;
  /** Schema of `event`. */
  event: z.ZodType<Event>;
  /** True: a field of the event is required, and so is the event. */
  needsEvent?: boolean;
  /** Event of the example of the reference page. */
  example?: unknown;
  examine?: Operation<
    "operator",
    Finding,
    unknown,
    z.output<typeof query>,
    unknown,
    unknown,
    SingleBody<Event>
  >["examine"];
  /** False: external chargers have no counterpart. */
  reachesExternal: boolean;
  success: { status: 200 | 202; description: string; schema: z.ZodType<Answer> };
  run: (reached: Reached, event: Event) => Promise<NoInfer<Answer>>;
}

export interface SingleBody<Event> {
  target: { charger_id: string };
  event: Event;
}

export function singleOperation<Event, Answer extends object>(
  route: SingleRoute<Event, Answer>,
): BoundOperation {
  const event = route.needsEvent ? route.event : (route.event as z.ZodType).nullish();
  const Body = z.object({ target: SingleTarget, event }).openapi({
    example: {
      target: { charger_id: "CHARGER_ID" },
      ...(route.example === undefined ? {} : { event: route.example }),
    },
  }) as unknown as z.ZodType<SingleBody<Event>>;
  return defineOperation({
    operationId: `command-${route.name}`.replaceAll(/[-/](\w)/g, (_, letter: string) => letter.toUpperCase()),
    method: "post",
    path: `/ocpp/commands/${route.name}`,
    tag: "commands",
    summary: route.summary,
    description: route.description,
    role: "operator",
    query,
    body: { schema: Body, required: route.needsEvent ?? false },
    ...(route.examine ? { examine: route.examine } : {}),
    isIdempotent: true,
    success: { ...route.success, headers: ReplayHeaders },
    refusals: [400, 404, 409, 502, 504],
    handle: ({ c, ports, organization, query: { timeout }, body, claim }) =>
      once(ports, organization, claim, async () => {
        const target = await targetOf(ports, organization, body.target.charger_id);
        if (target.runtime === "external" && !route.reachesExternal)
          throw new CommandRefused(409, FAILURES.notSupported.message);
        const allowPrivateTargets = c.get("config").ALLOW_PRIVATE_TARGETS;
        const reached = { ...reach(ports, organization, target, timeout * 1000), allowPrivateTargets };
        const answer = await route.run(reached, body.event ?? ({} as Event));
        return recordJson(route.success.status, answer, {});
      }),
  });
}

/** @throws NotFound. CommandRefused: no command reaches the charger now */
async function targetOf(ports: Ports, organization: Organization, id: string): Promise<CommandTarget> {
  const selection = { locationId: null, chargerIds: [id] };
  const found = isResourceId(id) ? await ports.chargers.commandTargets(organization.id, selection) : null;
  const [target] = found?.targets ?? [];
  if (!target) throw new NotFound("Charger", id);
  const refusal = refusalOf(target);
  if (refusal) throw new CommandRefused(refusal === FAILURES.stopped ? 503 : 409, refusal.message);
  return target;
}

/** Events that change the local list of a simulated station. */
const LIST_EVENTS = new Set<StationEvent["kind"]>(["local_list", "clear_local_list"]);
/** Ends of an event that has not reached its station. */
const UNREACHED = new Set<EventOutcome["kind"]>(["stopped", "notReady", "full"]);

function reach(
  ports: Ports,
  organization: Organization,
  target: CommandTarget,
  timeoutMs: number,
): Omit<Reached, "allowPrivateTargets"> {
  // A route may send several commands, which share the time.
  const endMs = ports.clock.now().getTime() + timeoutMs;
  const leftMs = () => Math.max(1, endMs - ports.clock.now().getTime());
  return {
    ports,
    organization,
    target,
    async event(event) {
      const send = () => awaitEvent(ports, target, event, leftMs());
      const list = { organizationId: organization.id, identity: target.identity };
      const outcome = LIST_EVENTS.has(event.kind)
        ? await replacingList(ports, list, send, ({ kind }) => UNREACHED.has(kind))
        : await send();
      if (outcome.kind !== "done") throw eventRefusal(outcome);
      return outcome.result;
    },
    async command(command, kind) {
      const outcome = await sendCommand(ports, organization, target.identity, command, leftMs()).catch(
        (error: unknown) => {
          if (error instanceof Unavailable) return { kind: "unavailable" } as const;
          throw error;
        },
      );
      if (outcome.kind !== "answered") throw commandRefusal(outcome);
      if (!isAnswer(outcome.answer, kind)) throw new Error(`Expected ${kind}, got ${outcome.answer.kind}`);
      return outcome.answer;
    },
  };
}

function isAnswer<Kind extends CommandAnswer["kind"]>(
  answer: CommandAnswer,
  kind: Kind,
): answer is Extract<CommandAnswer, { kind: Kind }> {
  return answer.kind === kind;
}

const LOST = "The connection to the charger was lost";
const LATE = "Charger did not answer in time";

function eventRefusal(outcome: Exclude<EventOutcome, { kind: "done" }>): Error {
  switch (outcome.kind) {
    case "stopped":
      return new CommandRefused(503, FAILURES.stopped.message);
    case "notReady":
      return new CommandRefused(409, FAILURES.notReady.message);
    case "full":
      return new CommandRefused(503, FAILURES.full.message, 1);
    case "late":
      return new CommandRefused(504, LATE);
    case "lost":
      return new CommandRefused(503, LOST);
    case "ignored":
      return new CommandRefused(503, FAILURES.offline.message);
  }
}

function commandRefusal(failure: CommandFailure | { kind: "unavailable" }): Error {
  switch (failure.kind) {
    case "offline":
      return new CommandRefused(503, FAILURES.offline.message);
    case "unavailable":
      return new CommandRefused(503, "Service temporarily unavailable", 1);
    case "lost":
      return new CommandRefused(503, LOST);
    case "busy":
      return new CommandRefused(503, FAILURES.full.message, 1);
    case "timeout":
    case "incompleteReport":
      return new CommandRefused(504, LATE);
    case "stationError":
      return new CommandRefused(502, "Charger answered with an OCPP error");
    case "invalidAnswer":
      return new CommandRefused(502, "Charger gave an answer that breaks the OCPP schema");
    case "notAccepted":
      return new CommandRefused(409, "Charger is not accepted yet");
    case "invalidCommand":
      return new Policy(`Invalid request data: ${failure.reason}`);
    default:
      // Outcomes of raw calls, which this surface does not send.
      return new Error(`Unexpected outcome ${failure.kind}`);
  }
}
