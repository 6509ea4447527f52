import type { Handler } from "../../handler.ts";
import { answerBoot } from "../../inbound/boot-answer.ts";
import { needObject, needText, optionalObject, optionalText } from "../../payload.ts";

/** OCPP 2.x B01 to B03 */
export const bootNotification: Handler = (ctx, payload) => {
  const station = needObject(payload, "chargingStation");
  const modem = optionalObject(station, "modem") ?? {};
  const facts = {
    vendor: needText(station, "vendorName"),
    model: needText(station, "model"),
    serialNumber: optionalText(station, "serialNumber"),
    firmwareVersion: optionalText(station, "firmwareVersion"),
    iccid: optionalText(modem, "iccid"),
    imsi: optionalText(modem, "imsi"),
    meterType: null,
    meterSerialNumber: null,
  };
  return answerBoot(ctx, facts, optionalText(payload, "reason"));
};
