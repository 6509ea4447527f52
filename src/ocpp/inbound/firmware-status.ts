import { answerOnly, type Handler } from "../handler.ts";
import { needText, optionalInteger } from "../payload.ts";
import { TEXT_LENGTH } from "../text-length.ts";
import { isReplaced } from "./job-request.ts";

/** 1.6 §4.5, whitepaper L01, 2.x L01; `published` for PublishFirmwareStatusNotification (2.x L03). */
export function firmwareStatus(published: boolean): Handler {
  return function reportFirmwareStatus(ctx, payload) {
    const status = needText(payload, "status", TEXT_LENGTH.word);
    const requestId = optionalInteger(payload, "requestId");
    // Idle only answers a trigger: it is no progress of any request.
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
