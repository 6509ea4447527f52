import { answerOnly, type Handler } from "../../handler.ts";
import { needObject, needText } from "../../payload.ts";
import { hasRemoteStart } from "../../remote-only-tag.ts";
import { idTokenInfo, judgeToken } from "../id-token.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

/**
 * Authorize (OCPP 2.x C01). Busbar has no root certificates of contracts, so a certificate that comes with the token
 * cannot be verified (C07.FR.13 to FR.17).
 */
export const authorize: Handler = (ctx, payload) => {
  const idToken = needObject(payload, "idToken");
  const found = {
    token: needText(idToken, "idToken", TEXT_LENGTH.idToken),
    type: needText(idToken, "type", 20),
  };
  if (payload.certificate !== undefined || payload.iso15118CertificateHashData !== undefined) {
    return {
      answer: { idTokenInfo: { status: "Invalid" }, certificateStatus: "CertChainError" },
      changes: [{ type: "tokenRefused", token: found.token }],
      events: [],
    };
  }
  return answerOnly({ idTokenInfo: idTokenInfo(judgeToken(ctx, found, hasRemoteStart(ctx, found.token))) });
};
