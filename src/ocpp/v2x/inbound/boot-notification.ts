import type { Handler } from "../../handler.ts";
import { answerBoot } from "../../inbound/boot-answer.ts";
import { needObject, needText, optionalObject, optionalText } from "../../payload.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

/** BootNotification (OCPP 2.x B01 to B03). */
export const bootNotification: Handler = (ctx, payload) => {
  const station = needObject(payload, "chargingStation");
  const modem = optionalObject(station, "modem") ?? {};
  const facts = {
    vendor: needText(station, "vendorName", 50),
    model: needText(station, "model", 20),
    serialNumber: optionalText(station, "serialNumber", 25),
    firmwareVersion: optionalText(station, "firmwareVersion", 50),
    iccid: optionalText(modem, "iccid", 20),
    imsi: optionalText(modem, "imsi", 20),
    meterType: null,
    meterSerialNumber: null,
  };
  return answerBoot(ctx, facts, optionalText(payload, "reason", TEXT_LENGTH.word));
};
