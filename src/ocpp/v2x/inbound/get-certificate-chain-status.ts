import { answerOnly, type Handler } from "../../handler.ts";
import { needObject, needObjects, needText } from "../../payload.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

const RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * GetCertificateChainStatus (OCPP 2.1 M07). Busbar asks no OCSP responder, so the check of every certificate is
 * answered as failed.
 */
export const getCertificateChainStatus: Handler = (ctx, payload) => {
  const nextUpdate = new Date(ctx.now.getTime() + RETRY_AFTER_MS).toISOString();
  const certificateStatus = needObjects(payload, "certificateStatusRequests").map((request) => ({
    certificateHashData: needObject(request, "certificateHashData"),
    source: needText(request, "source", TEXT_LENGTH.word),
    status: "Failed",
    nextUpdate,
  }));
  return answerOnly({ certificateStatus });
};
