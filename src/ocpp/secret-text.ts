import { SECRET_WORD_PATTERN } from "./secrets.ts";

export const MASK = "***";

// Every pattern starts with a fixed letter or word and has a bounded length, so that matching a long text takes
// linear time.
const CREDENTIALS: ReadonlyArray<readonly [pattern: RegExp, shown: string]> = [
  [/cap_(live|test)_[0-9A-Za-z]+/g, `cap_$1_${MASK}`],
  [/(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]+){1,4}\.?/g, MASK],
  [/\b([Bb]earer|[Bb]asic|BEARER|BASIC) {1,4}(?=[a-z.~+/_-]{0,64}[A-Z0-9=])[\w.~+/=-]{6,}/g, `$1 ${MASK}`],
];

/** `password=x`, `"apiKey": "x"`, `pwd: x` in a text that is not JSON. */
const NAMED = new RegExp(
  `((?:${SECRET_WORD_PATTERN})[\\w-]{0,20}["']?\\s{0,3}[=:]\\s{0,3})("[^"]*"?|'[^']*'?|[^\\s,;&"'<>]+)`,
  "gi",
);

/** URL with user information. URL parsers accept one slash, none, backslashes, and blanks or quotes in it. */
const URL_WITH_USER = /^(\s*(?:https?|wss?|ftps?|sftp):[\\/]*)(?![\\/])[^/?#]*@/i;

// Starts at the colon: a pattern that starts with the scheme takes quadratic time on a long run of letters.
const USER_INFO = /(:\/\/)[^/\s"?#]*@|(:[\\/]+)[^/\\\s"?#]*@/g;

/** A run of characters that may be a URL. */
const WORD = /[^\s"'<>]+/g;
const URL_START = /^(?:https?|wss?|ftps?|sftp):/i;

/** A random path segment: hexadecimal, or with lower case, upper case and digits. */
const DRAWN_HEX = /^[0-9a-f]{24,}$/i;
const DRAWN = /^(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[\w~-]{20,}={0,2}$/;

/** What every credential contains that `maskText` finds: most texts have none of it. */
const SUSPICIOUS = /cap_|eyJ|(?:earer|asic|EARER|ASIC) |[=:@]/;

/** What every random path segment contains. */
const LONG_RUN = /[\w~-]{20}/;

/**
 * Text with credentials masked: our keys and tokens, values after a secret name, and in URLs user information, query,
 * fragment and random path segments.
 */
export function maskText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  const known = CREDENTIALS.reduce((shown, [pattern, mask]) => shown.replaceAll(pattern, mask), text);
  return withoutSecretsInUrls(known.replaceAll(NAMED, `$1${MASK}`));
}

/** Path of a request with secrets masked, for logs. */
export function maskPath(path: string): string {
  const masked = maskText(path);
  return LONG_RUN.test(masked) ? masked.split("/").map(maskSegment).join("/") : masked;
}

function withoutSecretsInUrls(text: string): string {
  const withoutUser = text.includes("@")
    ? text.replace(URL_WITH_USER, `$1${MASK}@`).replaceAll(USER_INFO, `$1$2${MASK}@`)
    : text;
  return withoutUser.includes(":") ? withoutUser.replaceAll(WORD, maskUrl) : withoutUser;
}

function maskUrl(word: string): string {
  const scheme = word.indexOf("://");
  if (scheme < 0 && !URL_START.test(word)) return word;
  const start = scheme < 0 ? word.indexOf(":") + 1 : scheme + 3;
  const end = word.slice(start).search(/[?#]/);
  const path = end < 0 ? word.slice(start) : word.slice(start, start + end);
  const shown = word.slice(0, start) + path.split("/").map(maskSegment).join("/");
  return end < 0 ? shown : `${shown}${word[start + end]}${MASK}`;
}

function maskSegment(segment: string): string {
  return DRAWN_HEX.test(segment) || DRAWN.test(segment) ? MASK : segment;
}
