import type { SessionStore } from "../storage/session-store.ts";

/** An action that a waiting station may send because we asked for it; not legal any more once it refused. */
export function noteTriggered(store: SessionStore, action: string, isLegal: boolean): void {
  const { record } = store;
  if (record?.registration !== "Pending" || record.triggered.includes(action) === isLegal) return;
  if (isLegal) record.triggered.push(action);
  else record.triggered = record.triggered.filter((other) => other !== action);
  store.changed();
}
