import { codeOfKeyword, type ErrorCode } from "./error-code.ts";
import { encodeError, encodeResult, type CallFrame, type SendFrame } from "./frame.ts";
import type { HandlerContext, Needs, Route, RoutingTable } from "./handler.ts";
import { PayloadProblem } from "./payload.ts";
import type { StateChange, StationEvent, StationState } from "./station-state.ts";
import { routesV16 } from "./v16/routing.ts";
import { routesV2x } from "./v2x/routing.ts";
import type { Finding, Validators } from "./validators.ts";
import type { OcppVersion } from "./version.ts";

/** How strictly inbound payloads are validated. "lenient" accepts the violations in `TOLERATED`. */
export type InboundValidation = "lenient" | "strict";

/** Result of one message. */
export interface Handled {
  readonly changes: readonly StateChange[];
  readonly events: readonly StationEvent[];
  /** Code of the CALLERROR; null: the call was answered. */
  readonly refused: ErrorCode | null;
  /** Schema violation that was accepted, to be logged and counted. */
  readonly tolerated: Finding | null;
  /** Error thrown by a handler, to be logged; the station only gets an InternalError. */
  readonly failure: unknown;
}

/** Result of one CALL. */
export interface HandledCall extends Handled {
  /** The frame to send. */
  readonly reply: string;
}

interface Refusal {
  readonly code: ErrorCode;
  readonly description: string;
}

const TABLES: Record<OcppVersion, RoutingTable> = {
  "ocpp1.6": routesV16,
  "ocpp2.0.1": routesV2x,
  "ocpp2.1": routesV2x,
};

/**
 * Schema keywords whose violation lenient validation accepts. A wrong type is accepted if the handler does not need
 * the field.
 */
const TOLERATED: ReadonlySet<string> = new Set([
  "additionalProperties",
  "type",
  "enum",
  "const",
  "format",
  "maxLength",
  "maxItems",
  "minimum",
  "maximum",
  "multipleOf",
]);

/** What has to be fetched before this frame is handled; nothing for most. */
export function needsOf(frame: CallFrame | SendFrame, version: OcppVersion): Needs {
  const { idTags = [], vendorIds = [] } = routeOf(version, frame.action)?.needs?.(frame.payload) ?? {};
  return { idTags, vendorIds };
}

/** Handles one CALL and returns its answer. Never throws: every error becomes a CALLERROR without changes. */
export function handleCall(
  frame: CallFrame,
  ctx: HandlerContext,
  validators: Validators,
  policy: InboundValidation = "lenient",
): HandledCall {
  const refuse = ({ code, description }: Refusal, failure: unknown = null): HandledCall => ({
    reply: encodeError(frame.id, code, description, ctx.version),
    ...nothingDone(code, failure),
  });
  const checked = check(frame, ctx, validators, policy);
  if ("code" in checked) return refuse(checked);
  try {
    const { answer, changes, events } = checked.route.handler(ctx, frame.payload);
    const { tolerated } = checked;
    return {
      reply: encodeResult(frame.id, answer),
      changes,
      events,
      refused: null,
      tolerated,
      failure: null,
    };
  } catch (error) {
    if (error instanceof PayloadProblem) return refuse(schemaRefusal(error));
    return refuse({ code: "InternalError", description: "" }, error);
  }
}

/** Handles one SEND of 2.1, which is never answered, not even with an error (2.1 part 4 §4.2.4). */
export function handleSend(
  frame: SendFrame,
  ctx: HandlerContext,
  validators: Validators,
  policy: InboundValidation = "lenient",
): Handled {
  const { changes, events, refused, tolerated, failure } = handleCall(
    { ...frame, kind: "call" },
    ctx,
    validators,
    policy,
  );
  return { changes, events, refused, tolerated, failure };
}

function check(
  frame: CallFrame,
  ctx: HandlerContext,
  validators: Validators,
  policy: InboundValidation,
): Refusal | { readonly route: Route; readonly tolerated: Finding | null } {
  if (!isAllowed(frame.action, ctx.station)) {
    return { code: "SecurityError", description: "BootNotification has not been accepted" };
  }
  if (!validators.actions.has(frame.action)) return { code: "NotImplemented", description: "" };
  const route = routeOf(ctx.version, frame.action);
  if (!route) return { code: "NotSupported", description: "" };
  const finding = validators.request(frame.action, frame.payload);
  if (finding && (policy === "strict" || !TOLERATED.has(finding.keyword))) return schemaRefusal(finding);
  return { route, tolerated: finding };
}

/**
 * Whether the station may send this action in its registration state (OCPP-J errata 3.10, 2.x B01.FR.10, B02.FR.09,
 * B03.FR.07).
 */
function isAllowed(action: string, station: StationState): boolean {
  if (action === "BootNotification" || station.registration === "Accepted") return true;
  return station.registration === "Pending" && station.triggered.has(action);
}

function routeOf(version: OcppVersion, action: string): Route | undefined {
  const table = TABLES[version];
  return Object.hasOwn(table, action) ? table[action] : undefined;
}

function schemaRefusal({ keyword, pointer }: Finding): Refusal {
  return { code: codeOfKeyword(keyword), description: `${pointer} ${keyword}`.trim() };
}

function nothingDone(refused: ErrorCode, failure: unknown): Handled {
  return { changes: [], events: [], refused, tolerated: null, failure };
}
