import { incomplete } from "../inbound.ts";
import { restartSoon } from "../line.ts";
import { textOf } from "../read.ts";
import { endAllTransactions, FAREWELL_MS } from "../transactions.ts";
import type { InboundHandler } from "../turn.ts";

/** OCPP 1.6 5.14: the answer comes first, then transactions end, then the line drops; a hard reset waits for nobody. */
export const reset: InboundHandler = (_turn, payload) => {
  const type = textOf(payload, "type");
  if (type === undefined) return incomplete(payload, "type");
  if (type !== "Hard" && type !== "Soft") return incomplete(payload, "type");
  const after = (answered: typeof _turn) => {
    endAllTransactions(answered, type === "Hard" ? "HardReset" : "SoftReset");
    restartSoon(answered, "RemoteReset", type === "Hard" ? 0 : FAREWELL_MS);
  };
  return { result: { status: "Accepted" }, after };
};
