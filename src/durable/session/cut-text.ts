export const TEXT_LENGTH_MAX = 65_536;
const CUT_MARK = "…[truncated]";

/** A text of any length as it is kept, with a mark where it was cut. Cutting twice changes nothing. */
export function cutText(text: string, lengthMax = TEXT_LENGTH_MAX): string {
  return text.length > lengthMax ? text.slice(0, lengthMax) + CUT_MARK : text;
}
