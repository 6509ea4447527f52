/** One command in the words of one version: what a client posts, what the station gets, what it may say to that. */
export interface CommandCase {
  /** Below `/api/v1/chargers/{chargeBoxId}`. */
  path: string;
  body: Record<string, unknown>;
  call: { action: string; payload: Record<string, unknown> };
  /** What the station is asked before the first of these calls. */
  question?: { action: string; payload: Record<string, unknown> };
  /** The success, then every refusal. `body` lacks `chargeBoxId`. */
  outcomes: { answer: Record<string, unknown>; body: Record<string, unknown> }[];
}

/** An answer that is a status: how the API tells it, and the message for people. */
export type StatusRow = readonly [ocppStatus: string, status: string, message: string];

/** Outcomes of a command whose answer is a status; `echo` is what the API repeats of the request. */
export function statusOutcomes(
  echo: Record<string, unknown>,
  rows: readonly StatusRow[],
  statusInfo?: { reasonCode: string; additionalInfo: string },
): CommandCase["outcomes"] {
  return rows.map(([ocppStatus, status, message], index) => {
    // Given with refusals only, so that both forms are seen.
    const info = statusInfo && index > 0 ? { statusInfo } : {};
    return {
      answer: { status: ocppStatus, ...info },
      body: { ...echo, status, message, ocppStatus, ...info },
    };
  });
}

export const RESET_BODY = { type: "Soft" };
export const FIRMWARE_BODY = {
  location: "https://firmware.example.com/v2.0.0/firmware.bin",
  retrieveDate: "2026-02-10T15:00:00+01:00",
  retries: 3,
  retryInterval: 60,
};
export const RETRIEVE_DATE = "2026-02-10T14:00:00.000Z";
export const DIAGNOSTICS_BODY = {
  location: "https://uploads.example.com/diagnostics/",
  startTime: "2026-02-09T00:00:00Z",
  stopTime: "2026-02-10T00:00:00Z",
  retries: 3,
  retryInterval: 60,
};
export const START_TIME = "2026-02-09T00:00:00.000Z";
export const STOP_TIME = "2026-02-10T00:00:00.000Z";
export const TRANSFER_BODY = {
  vendorId: "MyVendor",
  messageId: "GetDisplayMessage",
  data: '{"screen": 1}',
};
