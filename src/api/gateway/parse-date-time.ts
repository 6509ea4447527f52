const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt_ ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?([Zz]|[-+ ]\d\d:?\d\d)?)?$/;
const MINUTE_MS = 60_000;

type ParsedDateTime = { ms: number } | { reason: string };

/**
 * Parses an RFC 3339 date-time or date. The result is in epoch ms and may have a fraction. Without offset it is UTC. A
 * space before the offset is a `+` that the client did not encode.
 */
export function parseDateTime(text: string): ParsedDateTime {
  const match = DATE_TIME.exec(text);
  if (!match)
    return { reason: text.length < 10 ? "input is too short" : "invalid character in date or time" };
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month - 1, day);
  if (month < 1 || month > 12) return { reason: "month value is outside expected range of 1-12" };
  if (midnight.getUTCDate() !== day) return { reason: "day value is outside expected range" };
  if (hour > 23) return { reason: "hour value is outside expected range of 0-23" };
  if (minute > 59) return { reason: "minute value is outside expected range of 0-59" };
  if (second > 59) return { reason: "second value is outside expected range of 0-59" };
  const offset = offsetMs(match[8] ?? "Z");
  if (offset === null) return { reason: "timezone offset must be less than 24 hours" };
  const nanoseconds = Number((match[7] ?? "0").padEnd(9, "0"));
  return {
    ms: midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 - offset + nanoseconds / 1e6,
  };
}

function offsetMs(text: string): number | null {
  if (/^z$/i.test(text)) return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(-2))];
  if (hours > 23 || minutes > 59) return null;
  return (hours * 60 + minutes) * MINUTE_MS * (text.startsWith("-") ? -1 : 1);
}
