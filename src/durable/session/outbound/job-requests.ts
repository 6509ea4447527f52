import type { JobKind, JobRequests } from "../../../ocpp/station-state.ts";
import type { SentCall } from "./command-channel.ts";

type Request = Pick<SentCall, "action" | "payload">;

const JOBS: Readonly<Record<string, JobKind>> = {
  UpdateFirmware: "firmware",
  PublishFirmware: "published_firmware",
  GetLog: "diagnostics",
};

/** Requests after one was sent: until it is answered, the station may work on it or on the one before. */
export function withRequest(requests: JobRequests, request: Request): JobRequests {
  const known = readRequest(request);
  if (!known) return requests;
  const { job, requestId } = known;
  const before = requests[job]?.filter((id) => id !== requestId).at(-1);
  return { ...requests, [job]: before === undefined ? [requestId] : [before, requestId] };
}

/** Requests after an answer: an accepted request replaces the one before, a refused one is removed. */
export function withAnswer(requests: JobRequests, request: Request, status: unknown): JobRequests {
  const known = readRequest(request);
  if (!known) return requests;
  const { job, requestId } = known;
  const isTaken = status === "Accepted" || status === "AcceptedCanceled";
  const left = isTaken ? [requestId] : (requests[job]?.filter((id) => id !== requestId) ?? []);
  const { [job]: _, ...others } = requests;
  return left.length > 0 ? { ...others, [job]: left } : others;
}

function readRequest({ action, payload }: Request): { job: JobKind; requestId: number } | null {
  const job = Object.hasOwn(JOBS, action) ? JOBS[action] : undefined;
  const { requestId } = payload;
  return job && typeof requestId === "number" ? { job, requestId } : null;
}
