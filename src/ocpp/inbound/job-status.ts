import { answerOnly, type Handler, type HandlerContext } from "../handler.ts";
import { needText, optionalInteger } from "../payload.ts";
import type { JobKind } from "../station-state.ts";
import { TEXT_LENGTH } from "../text-length.ts";

/**
 * FirmwareStatusNotification (1.6 §4.5, security whitepaper L01, 2.x L01); `published`:
 * PublishFirmwareStatusNotification (2.x L03).
 */
export function firmwareStatus(published: boolean): Handler {
  return function reportFirmwareStatus(ctx, payload) {
    const status = needText(payload, "status", TEXT_LENGTH.word);
    const requestId = optionalInteger(payload, "requestId");
    // Idle is only sent after a trigger and is not the status of a request.
    if (status === "Idle") return answerOnly({});
    if (isReplaced(ctx, published ? "published_firmware" : "firmware", requestId)) return answerOnly({});
    const at = ctx.now.toISOString();
    return {
      answer: {},
      changes: [],
      events: [{ type: "firmwareStatus", status, requestId, published, at }],
    };
  };
}

/** DiagnosticsStatusNotification (1.6 §4.4) and LogStatusNotification (1.6 security whitepaper, 2.x N01). */
export const logStatus: Handler = (ctx, payload) => {
  const status = needText(payload, "status", TEXT_LENGTH.word);
  const requestId = optionalInteger(payload, "requestId");
  // Idle is only sent after a trigger and is not the status of a request.
  if (status === "Idle" || isReplaced(ctx, "diagnostics", requestId)) return answerOnly({});
  return {
    answer: {},
    changes: [],
    events: [{ type: "diagnosticsStatus", status, requestId, at: ctx.now.toISOString() }],
  };
};

/**
 * Whether a status belongs to a request that a newer one has replaced (2.x L01, L03, N01, matched by request id).
 * False without an id, and while no request of ours is known, because 1.6 stations invent ids.
 */
function isReplaced(ctx: HandlerContext, job: JobKind, requestId: number | null): boolean {
  const current = ctx.station.jobRequests[job];
  if (ctx.version === "ocpp1.6" || requestId === null || !current) return false;
  return !current.includes(requestId);
}
