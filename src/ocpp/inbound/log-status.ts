import { answerOnly, type Handler } from "../handler.ts";
import { needText, optionalInteger } from "../payload.ts";
import { TEXT_LENGTH } from "../text-length.ts";
import { isReplaced } from "./job-request.ts";

/** 1.6 §4.4 DiagnosticsStatusNotification, whitepaper and 2.x N01 LogStatusNotification. */
export const logStatus: Handler = (ctx, payload) => {
  const status = needText(payload, "status", TEXT_LENGTH.word);
  const requestId = optionalInteger(payload, "requestId");
  // Idle only answers a trigger: it is no progress of any request.
  if (status === "Idle" || isReplaced(ctx, "diagnostics", requestId)) return answerOnly({});
  return {
    answer: {},
    changes: [],
    events: [{ type: "diagnosticsStatus", status, requestId, at: ctx.now.toISOString() }],
  };
};
