import { answerOnly, type Handler } from "../../handler.ts";
import { needText } from "../../payload.ts";
import { hasRemoteStart, judgeTag } from "../../remote-only-tag.ts";
import { idTagInfo } from "../id-tag-info.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

/** Authorize (OCPP 1.6 §4.1). */
export const authorize: Handler = (ctx, payload) => {
  const idTag = needText(payload, "idTag", TEXT_LENGTH.idTag);
  return answerOnly({ idTagInfo: idTagInfo(judgeTag(ctx, idTag, hasRemoteStart(ctx, idTag))) });
};
