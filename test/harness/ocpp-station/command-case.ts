/** One command on one OCPP version: request of the client, CALL to the station, and the answers it may give. */
export interface CommandCase {
  /** Below `/api/v1/chargers/{chargeBoxId}`. */
  path: string;
  body: Record<string, unknown>;
  call: { action: string; payload: Record<string, unknown> };
  /** CALLs that the station receives before the first of these. */
  question?: { action: string; payload: Record<string, unknown> };
  /** The success first, then every refusal. `body` is without `chargeBoxId`. */
  outcomes: { answer: Record<string, unknown>; body: Record<string, unknown> }[];
}

/** A status that a station answers, as the API shows it, and the message beside it. */
export type StatusRow = readonly [ocppStatus: string, status: string, message: string];

/** Outcomes of a command that is answered with a status. `echo`: fields of the request that the API repeats. */
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
