import type { Handler } from "../../handler.ts";
import { answerBoot } from "../../inbound/boot-answer.ts";
import { needText, optionalText } from "../../payload.ts";

/** BootNotification (OCPP 1.6 §4.2). */
export const bootNotification: Handler = (ctx, payload) =>
  answerBoot(
    ctx,
    {
      vendor: needText(payload, "chargePointVendor", 20),
      model: needText(payload, "chargePointModel", 20),
      serialNumber:
        optionalText(payload, "chargePointSerialNumber", 25) ??
        optionalText(payload, "chargeBoxSerialNumber", 25),
      firmwareVersion: optionalText(payload, "firmwareVersion", 50),
      iccid: optionalText(payload, "iccid", 20),
      imsi: optionalText(payload, "imsi", 20),
      meterType: optionalText(payload, "meterType", 25),
      meterSerialNumber: optionalText(payload, "meterSerialNumber", 25),
    },
    null,
  );
