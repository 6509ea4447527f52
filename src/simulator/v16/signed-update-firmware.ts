import { incomplete } from "../inbound.ts";
import { objectOf, textOf } from "../read.ts";
import { updateFirmware } from "../update-firmware.ts";
import type { InboundHandler } from "../turn.ts";

/** Security whitepaper 4.3: as in 2.x, but never without a signature. */
export const signedUpdateFirmware: InboundHandler = (turn, payload) => {
  const firmware = objectOf(payload, "firmware") ?? {};
  const missing = ["signingCertificate", "signature"].find((field) => textOf(firmware, field) === undefined);
  return missing && payload["firmware"] ? incomplete(firmware, missing) : updateFirmware(turn, payload);
};
