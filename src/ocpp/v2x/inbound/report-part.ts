import type { Handler } from "../../handler.ts";
import type { JsonObject } from "../../json.ts";
import { needInteger, optionalInteger } from "../../payload.ts";
import type { ReportKind } from "../../station-state.ts";

/** Handler of one part of a report that we requested (2.x B07, N02, K09, N09, O04), collected by request id. */
export function reportPart(
  report: ReportKind,
  rowsOf: (payload: JsonObject) => readonly JsonObject[],
): Handler {
  return function collectReportPart(_ctx, payload) {
    const requestId = needInteger(payload, "requestId");
    const seqNo = optionalInteger(payload, "seqNo");
    const isLast = payload.tbc !== true;
    const rows = rowsOf(payload);
    return {
      answer: {},
      changes: [{ type: "reportPart", report, requestId, seqNo, isLast, rows }],
      events: [],
    };
  };
}
