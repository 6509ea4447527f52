import { limitsTold } from "../../ocpp/key-limits.ts";
import type { CommandLine } from "./command-channel.ts";
import { sendText, type LiveSocket } from "./live-socket.ts";
import { validatorsOf } from "./loaded-validators.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionStore } from "./session-store.ts";
import { outbound } from "./station-inbox.ts";

const REQUEST_ID_MAX = 2 ** 31 - 1;

/** The way to a connected station; null while the validators of its version are not loaded. */
export function commandLine(
  record: SessionRecord,
  live: LiveSocket,
  store: SessionStore,
): CommandLine | null {
  const validators = validatorsOf(live.attachment.version);
  if (!validators) return null;
  return {
    version: live.attachment.version,
    validators,
    registration: record.registration,
    context: {
      get connectors() {
        return record.connectors.filter(({ evseId }) => evseId > 0);
      },
      keyLimits: record.keyLimits,
      nextRequestId: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) & REQUEST_ID_MAX,
      reportedVariable: (key) => store.reported.find(key),
    },
    heard: (action, answer) => store.learn(record, limitsTold(action, answer)),
    send: (text, action) => {
      const isSent = sendText(live.socket, text);
      if (isSent) store.frames.append([outbound(action, text)], Date.now());
      return isSent;
    },
  };
}
