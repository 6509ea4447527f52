export const CUT_MARK = "…[truncated]";
const TEXT_LENGTH_MAX = 65_536;

/** A text of any length as it is kept: within the bound, with a mark at its end where it was cut. */
export function cutText(text: string, lengthMax = TEXT_LENGTH_MAX): string {
  return text.length > lengthMax ? text.slice(0, lengthMax - CUT_MARK.length) + CUT_MARK : text;
}
