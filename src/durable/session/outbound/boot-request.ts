import type { ChargerCommand } from "../../../ocpp/commands.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import type { SessionStore } from "../storage/session-store.ts";

const ASK_EVERY_MS = 60_000;

/** A station that never booted is asked to at most once a minute: one that cannot boot would be asked for ever. */
export function mayAskForBoot(
  store: SessionStore,
  record: SessionRecord,
  command: ChargerCommand,
  nowMs: number,
): boolean {
  const isBootRequest = command.kind === "trigger" && command.requestedMessage === "BootNotification";
  if (!isBootRequest || record.registration !== null) return true;
  if (nowMs - record.bootAskedAtMs < ASK_EVERY_MS) return false;
  record.bootAskedAtMs = nowMs;
  store.changed();
  return true;
}
