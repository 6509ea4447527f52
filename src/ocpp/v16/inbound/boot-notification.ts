import type { Handler } from "../../handler.ts";
import { answerBoot } from "../../inbound/boot-answer.ts";
import { needText, optionalText } from "../../payload.ts";

/** OCPP 1.6 §4.2 */
export const bootNotification: Handler = (ctx, payload) =>
  answerBoot(
    ctx,
    {
      vendor: needText(payload, "chargePointVendor"),
      model: needText(payload, "chargePointModel"),
      serialNumber:
        optionalText(payload, "chargePointSerialNumber") ?? optionalText(payload, "chargeBoxSerialNumber"),
      firmwareVersion: optionalText(payload, "firmwareVersion"),
      iccid: optionalText(payload, "iccid"),
      imsi: optionalText(payload, "imsi"),
      meterType: optionalText(payload, "meterType"),
      meterSerialNumber: optionalText(payload, "meterSerialNumber"),
    },
    null,
  );
