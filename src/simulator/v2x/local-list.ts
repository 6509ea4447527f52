import { listReceiver } from "../charging/local-list.ts";
import { objectOf, textOf, timeOf } from "../station/read.ts";
import { readToken } from "./remote-control.ts";
import type { InboundHandler } from "../station/turn.ts";

/** GetLocalListVersion (D02). */
export const getLocalListVersion: InboundHandler = (turn) => ({
  result: { versionNumber: turn.state.memory.localList.version },
});

/** SendLocalList (D01). */
export const sendLocalList = listReceiver("versionNumber", (entry) => {
  const token = readToken(entry);
  if (!token) return null;
  const info = objectOf(entry, "idTokenInfo");
  const status = info && textOf(info, "status");
  const expiresAtMs = (info && timeOf(info, "cacheExpiryDateTime")) ?? null;
  const group = info && textOf(objectOf(info, "groupIdToken") ?? {}, "idToken");
  const details = { expiresAtMs, ...(group !== undefined && { group }) };
  return [token.idToken, status === undefined ? null : { status, ...details }];
});
