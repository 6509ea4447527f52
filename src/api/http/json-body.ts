import { BODY_DEADLINE_MS, readBody, type BodyLimits } from "../../request-body.ts";
import { findJsonError } from "./json-error.ts";

/** Default deadline: 10 s. Default types: `application/json` and any `+json`. */
type JsonBodyOptions = Pick<BodyLimits, "maxBytes"> & Partial<BodyLimits>;

type JsonBody = { kind: "empty" } | { kind: "json"; value: unknown };

/** The body is not JSON. `offset` counts characters from the start of the text. */
export class MalformedJson extends Error {
  readonly offset: number;
  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

/** Stateless between calls, because it never streams. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

const isJsonType = (mediaType: string) =>
  mediaType === "application/json" || /^[^/\s]+\/[^/\s]+\+json$/.test(mediaType);

/**
 * Reads a request's body once, within its bounds of size and time.
 * @throws BodyRefused, MalformedJson
 */
export async function readJsonBody(request: Request, options: JsonBodyOptions): Promise<JsonBody> {
  const bytes = await readBody(request, {
    deadlineMs: BODY_DEADLINE_MS,
    acceptsType: isJsonType,
    ...options,
  });
  if (bytes.length === 0) return { kind: "empty" };
  return { kind: "json", value: parseJson(bytes) };
}

function parseJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  try {
    return JSON.parse(text);
  } catch {
    const { offset, reason } = findJsonError(text);
    throw new MalformedJson(offset, reason);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedJson(0, "Invalid UTF-8");
  }
}
