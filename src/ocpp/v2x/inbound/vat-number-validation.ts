import { compact } from "../../command-script.ts";
import { answerOnly, type Handler } from "../../handler.ts";
import { needText, optionalInteger } from "../../payload.ts";

/** VatNumberValidation (OCPP 2.1 C18). Busbar validates none; the answer repeats the EVSE (C18.FR.10). */
export const vatNumberValidation: Handler = (_ctx, payload) => {
  const vatNumber = needText(payload, "vatNumber", 20);
  const evseId = optionalInteger(payload, "evseId") ?? undefined;
  return answerOnly(compact({ status: "Rejected", vatNumber, evseId }));
};
