import { listReceiver } from "../charging/local-list.ts";
import { objectOf, textOf, timeOf } from "../station/read.ts";
import type { InboundHandler } from "../station/turn.ts";

/** GetLocalListVersion (OCPP 1.6 §5.10). */
export const getLocalListVersion: InboundHandler = (turn) => ({
  result: { listVersion: turn.state.memory.localList.version },
});

/** SendLocalList (OCPP 1.6 §5.15). */
export const sendLocalList = listReceiver("listVersion", (entry) => {
  const idTag = textOf(entry, "idTag");
  if (idTag === undefined) return null;
  const info = objectOf(entry, "idTagInfo");
  const status = info && textOf(info, "status");
  const expiresAtMs = (info && timeOf(info, "expiryDate")) ?? null;
  const group = info && textOf(info, "parentIdTag");
  const details = { expiresAtMs, ...(group !== undefined && { group }) };
  return [idTag, status === undefined ? null : { status, ...details }];
});
