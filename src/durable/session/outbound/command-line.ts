import { isJsonObject } from "../../../ocpp/json.ts";
import { limitsTold } from "../../../ocpp/key-limits.ts";
import { requestIdOfReport } from "../../../ocpp/report-request.ts";
import type { JobRequests } from "../../../ocpp/station-state.ts";
import type { CommandLine, SentCall } from "./command-channel.ts";
import { withAnswer, withRequest } from "./job-requests.ts";
import { sendText, type LiveSocket } from "../line/live-socket.ts";
import { validatorsOf } from "../line/loaded-validators.ts";
import { sentFrame } from "../storage/frame-log.ts";
import { noteStart, refuseStart } from "../storage/remote-starts.ts";
import { answerReservation, noteReservation } from "../storage/reservations.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

const REQUEST_IDS = 2 ** 31;

/** Connection for commands; null while the validators of its version are not loaded. */
export function commandLine(
  record: SessionRecord,
  live: LiveSocket,
  store: Pick<SessionStore, "frames" | "changed" | "commit" | "reported" | "reports" | "learn" | "addFact">,
): CommandLine | null {
  const { version } = live.attachment;
  const validators = validatorsOf(version);
  if (!validators) return null;
  const noteJobs = (jobRequests: JobRequests) => {
    if (version === "ocpp1.6" || jobRequests === record.jobRequests) return;
    record.jobRequests = jobRequests;
    store.changed();
  };
  const starts = startNotes(record, store);
  const reports = reportNotes(store);
  return {
    version,
    validators,
    registration: record.registration,
    context: contextOf(record, store),
    send: (text, call) => {
      starts.leaves(call);
      noteReservation(record, store, call, Date.now());
      reports.leaves(call);
      const isSent = sendText(store, live.socket, text);
      if (!isSent) {
        reports.refused(call);
        answerReservation(record, store, call, null);
        return starts.refused(call);
      }
      noteJobs(withRequest(record.jobRequests, call));
      store.frames.append([sentFrame(call.action, text)], Date.now());
      return true;
    },
    answered: (call, answer) => {
      const status = isJsonObject(answer) ? answer.status : null;
      if (status === "Rejected") starts.refused(call);
      if (status !== "Accepted") reports.refused(call);
      answerReservation(record, store, call, status);
      noteJobs(withAnswer(record.jobRequests, call, status));
      store.learn(record, limitsTold(call.action, call.payload, answer));
    },
    refused: (call) => {
      starts.refused(call);
      reports.refused(call);
      answerReservation(record, store, call, null);
    },
  };
}

/** What the encoding of a command reads of a session. */
function contextOf(
  record: SessionRecord,
  store: Pick<SessionStore, "changed" | "reported">,
): CommandLine["context"] {
  return {
    get connectors() {
      return record.connectors.filter(({ evseId }) => evseId > 0);
    },
    keyLimits: record.keyLimits,
    nextRequestId() {
      record.lastRequestId = nextRequestId(record);
      store.changed();
      return record.lastRequestId;
    },
    reportedVariable: (key) => store.reported.find(key),
  };
}

/** Keeps the remote starts of a session, as far as a CALL is one. */
function startNotes(record: SessionRecord, store: Pick<SessionStore, "changed" | "addFact">) {
  return {
    leaves({ transactionId, ...call }: SentCall): void {
      if (transactionId !== null) noteStart(record, store, { ...call, transactionId }, Date.now());
    },
    refused({ transactionId }: SentCall): false {
      if (transactionId !== null) refuseStart(record, store, transactionId, Date.now());
      return false;
    },
  };
}

/** Keeps the reports that clients asked for in their own words: our own commands read theirs at once. */
function reportNotes({ reports }: Pick<SessionStore, "reports">) {
  const requestIdOf = (call: SentCall) => (call.isRaw ? requestIdOfReport(call) : null);
  return {
    leaves(call: SentCall): void {
      const requestId = requestIdOf(call);
      if (requestId !== null) reports.expect(requestId, call.action, Date.now());
    },
    refused(call: SentCall): void {
      const requestId = requestIdOf(call);
      if (requestId !== null) reports.withdraw(requestId);
    },
  };
}

/** Starts at a random number, so that no id belongs to a request of an earlier charger of this identity. */
function nextRequestId({ lastRequestId }: SessionRecord): number {
  const before = lastRequestId ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return (before + 1) % REQUEST_IDS;
}
